package words

import "recado/campaign"

// OptOutLine says how to be left alone, in the language of a text; in that of w
// if that is not known.
func (w *Words) OptOutLine(text string) string {
	if lang := campaign.Language(text); lang != "" {
		w = For(lang)
	}
	return w.T("optout_line")
}
