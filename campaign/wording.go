package campaign

import "time"

// Rewording is what a text of a campaign said until another one was given to those
// who had not been written to.
type Rewording struct {
	Variant uint8
	Text    string
	Until   time.Time
}

// Wording is what one of the texts of a campaign said for a time: which text in the
// upper half, and how often that had been fixed by then in the lower.
type Wording uint32

func wordingOf(variant uint8, fixed uint16) Wording { return Wording(variant)<<16 | Wording(fixed) }

// Worded is a wording and the time for which it was that of its text.
type Worded struct {
	Wording Wording
	Variant uint8
	Text    string
	From    time.Time // zero: from the start
	Until   time.Time // zero: it is still
}

// Reword keeps what a text said before it is fixed. A campaign that an older program
// has fixed says nothing of its wordings: who got which is not known.
func (c *Campaign) Reword(variant uint8, before string, now time.Time) {
	if c.TextFixed.IsZero() || len(c.Reworded) > 0 {
		c.Reworded = append(c.Reworded[:len(c.Reworded):len(c.Reworded)], Rewording{variant, before, now})
	}
}

// Fixed is how often a text of a campaign has been fixed.
func (c *Campaign) Fixed(variant uint8) (n uint16) {
	for _, r := range c.Reworded {
		if r.Variant == variant {
			n++
		}
	}
	return n
}

// Wordings are all that the texts of a campaign have said, text by text, the first
// first; none if none was fixed.
func (c *Campaign) Wordings() (all []Worded) {
	if len(c.Reworded) == 0 {
		return nil
	}
	for i, text := range c.Texts() {
		variant, from, n := uint8(i), time.Time{}, uint16(0)
		for _, r := range c.Reworded {
			if r.Variant == variant {
				all = append(all, Worded{wordingOf(variant, n), variant, r.Text, from, r.Until})
				from = r.Until
				n++
			}
		}
		all = append(all, Worded{wordingOf(variant, n), variant, text, from, time.Time{}})
	}
	return all
}

// Wording is what a delivery's text said when it was written down for it.
func (d *Fate) Wording() Wording { return wordingOf(d.Variant, d.Fixed) }
