package files

import (
	"errors"
	"strings"
	"testing"

	"recado/campaign/people"
	"recado/campaign/reason"
)

func card(lines ...string) string {
	return "BEGIN:VCARD\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"
}

func TestCardsAreRead(t *testing.T) {
	tryKinds(t, []kind{
		{"2.1, quoted", card("VERSION:2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=43=6F=6E=63=65=69=C3=A7=C3=A3=6F;=41=6E=61;;;",
			"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=41=6E=61=20=43=6F=6E=63=65=69=C3=", "=A7=C3=A3=6F", "TEL;HOME:1133330001", "TEL;CELL;PREF:11987650001"), []string{"Ana Conceição +5511987650001,+551133330001"}},
		{"2.1, the name alone", card("VERSION:2.1", "N:Prado;Ana;Maria", "TEL;CELL:011987650001"), []string{"Ana Maria Prado +5511987650001"}},
		{"2.1 in Latin-1", card("VERSION:2.1", "N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:S=E1;Ana", "FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Ana S=E1", "TEL:11987650001"), []string{"Ana Sá +5511987650001"}},
		{"3.0, folded", card("VERSION:3.0", "FN:Ana ", " Prado", "N:Prado;Ana;;;", "TEL;TYPE=CELL,VOICE:+55 11 98765-0001", "EMAIL;TYPE=INTERNET:a@exam", " ple.com", "CATEGORIES:vip,São Paulo", "ORG:ACME;Vendas", "NOTE:uma\\, duas\\nlinhas", "ADR;TYPE=HOME:;;Rua A\\, 1;Recife;PE;50000-000;Brasil"),
			[]string{"Ana Prado +5511987650001 #vip#São Paulo cidade=Recife email=a@example.com empresa=ACME Vendas endereco=Rua A, 1, Recife, PE, 50000-000, Brasil nota=uma, duas\nlinhas"}},
		{"items with labels", card("VERSION:3.0", "FN:Ana", "item1.TEL:+55 11 98765-0009", "item1.X-ABLabel:_$!<HomeFAX>!$_", "item2.TEL;waid=5511987650001:+55 11 98765-0001", "item2.X-ABLabel:WhatsApp"), []string{"Ana +5511987650001 telefone_1=+55 11 98765-0009"}},
		{"several mobiles", card("VERSION:3.0", "FN:Ana", "TEL;TYPE=WORK:(11) 3333-0001", "TEL;TYPE=CELL:(11) 98765-0001", "TEL;TYPE=CELL:(11) 98765-0002"), []string{"Ana +5511987650001,+5511987650002,+551133330001"}},
		{"4.0", card("VERSION:4.0", "FN:Caio Lima", `TEL;VALUE=uri;TYPE="cell,voice":tel:+55-11-98765-0003`, "TEL;VALUE=uri;TYPE=fax:tel:+55-11-98765-0009;ext=2"), []string{"Caio Lima +5511987650003 telefone_2=+55-11-98765-0009;ext=2"}},
		{"a picture", card("VERSION:3.0", "FN:Ana", "PHOTO;ENCODING=b;TYPE=JPEG:"+strings.Repeat("A", 100_000), strings.Repeat(" "+strings.Repeat("B", 74)+"\r\n", 30_000)+" C", "TEL:11987650001"), []string{"Ana +5511987650001"}},
		{"no blank between", strings.ReplaceAll(card("FN:Ana", "TEL:11987650001")+card("FN:Bia", "TEL:11987650002"), "\r\n", "\n"), []string{"Ana +5511987650001", "Bia +5511987650002"}},
		{"one inside another", card("FN:Ana", "AGENT:", "BEGIN:VCARD", "FN:Bia", "TEL:11987650002", "END:VCARD", "TEL:11987650001"), []string{"Ana +5511987650001"}},
		{"never ended", "BEGIN:VCARD\nFN:Ana\nTEL:11987650001", []string{"Ana +5511987650001"}},
		{"a company", card("VERSION:3.0", "FN:", "N:;;;;", "ORG:Padaria Sol;", "TEL:11987650001"), []string{"Padaria Sol +5511987650001 empresa=Padaria Sol"}},
		{"lower case and a mark", "\ufeffbegin:vcard\nversion:3.0\nfn:Ana\ntel;type=cell:11987650001\nend:vcard\n", []string{"Ana +5511987650001"}},
		{"joined, each with a mark", "\ufeff" + card("FN:Ana", "TEL:11987650001") + "\ufeff" + card("FN:Bia", "TEL:11987650002") + "\ufeff\ufeff" + strings.TrimSpace(card("FN:Caio", "TEL:11987650003")) + "\ufeff\r\n" + card("FN:Davi", "TEL:11987650004"),
			[]string{"Ana +5511987650001", "Bia +5511987650002", "Caio +5511987650003", "Davi +5511987650004"}},
		{"joined within a line", strings.TrimSpace(card("FN:Ana", "TEL:11987650001")) + strings.TrimSpace(card("FN:Bia", "TEL:11987650002")) + "\ufeff" + card("FN:Caio", "TEL:11987650003") + "\x1a", []string{"Ana +5511987650001", "Bia +5511987650002", "Caio +5511987650003"}},
		{"one that was not ended", "BEGIN:VCARD\nFN:Ana\nTEL:11987650001\n\nBEGIN:VCARD\nBEGIN:VCARD\nFN:Bia\nTEL:11987650002\nEND:VCARD\nBEGIN:VCARD\nFN:Caio\nTEL:11987650003", []string{"Ana +5511987650001", "Bia +5511987650002", "Caio +5511987650003"}},
		{"one inside another that was not ended", "BEGIN:VCARD\nFN:Ana\nTEL:11987650001\nAGENT:\n\nBEGIN:VCARD\nFN:Bia\nTEL:11987650002\nBEGIN:VCARD\nFN:Caio\nTEL:11987650003\nEND:VCARD\n", []string{"Ana +5511987650001", "Caio +5511987650003"}},
		{"spaces behind", "begin:vcard  \nversion:3.0  \nn:Prado;Ana;;;  \nfn:Ana Prado  \ntel;type=cell:11987650001  \nend:vcard  \n", []string{"Ana Prado +5511987650001"}},
		{"the preferred of several mobiles, 4.0", card("VERSION:4.0", "FN:Ana", `TEL;VALUE=uri;TYPE="voice,home":tel:+55-11-3333-0001;ext=15`, `TEL;VALUE=uri;TYPE="cell,voice";PREF=2:tel:+55-11-98765-0002`, `TEL;VALUE=uri;PREF=1;TYPE="text,cell":tel:+55-11-98765-0001`, "TEL;TYPE=cell:+55 11 98765-0003"),
			[]string{"Ana +5511987650001,+5511987650002,+5511987650003,+551133330001"}},
		{"the preferred of several mobiles, 3.0 and 2.1", card("VERSION:3.0", "FN:Ana", "TEL;type=CELL;type=VOICE:11987650002", "TEL;type=CELL;type=VOICE;type=pref:11987650001") + card("VERSION:2.1", "N:;Bia", "TEL;HOME;PREF:1133330001", "TEL;CELL:11987650005", "TEL;PREF;CELL:11987650004"),
			[]string{"Ana +5511987650001,+5511987650002", "Bia +5511987650004,+5511987650005,+551133330001"}},
		{"base64", card("VERSION:3.0", "FN;ENCODING=B:QW5hIFPDoQ==", "TEL:11987650001"), []string{"Ana Sá +5511987650001"}},
	})
}

func TestACardWithoutAPhoneIsBad(t *testing.T) {
	got, bad, report := summed(t, card("FN:Ana", "EMAIL:a@example.com")+card("FN:Bia", "TEL:11987650002")+card("FN:Caio", "TEL:190"), Options{})
	if len(got) != 1 || len(bad) != 2 || bad[0].Line != 1 || bad[0].Reason.Code != reason.RowNoPhone || bad[0].Cells[0] != "Ana" || bad[1].Reason.Kind() != reason.PhoneShort || report.Format != VCard {
		t.Errorf("%q, bad %v", got, bad)
	}
}

func FuzzReadVCard(f *testing.F) {
	for _, s := range []string{"FN:Ana\r\nTEL;CELL:11987650001", "N;ENCODING=QUOTED-PRINTABLE:=C3=\r\n=A7;=\r\n", "item1.TEL;waid=1:+5511987650001\nitem1.X-ABLabel:Fax", "BEGIN:VCARD\nEND:VCARD", "TEL;TYPE=\"a:b\":x\n y\n\tz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		err := into(t.Context(), strings.NewReader(card(s)), Sink{
			Row: func(r people.Row) error { checkRow(t, r); return nil },
			Bad: func(b Bad) error {
				if b.Reason.IsZero() || b.Line < 1 {
					t.Errorf("%+v", b)
				}
				return nil
			},
		})
		if err != nil && !errors.As(err, new(reason.Reason)) {
			t.Errorf("%v is no reason", err)
		}
	})
}
