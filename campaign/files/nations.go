package files

import (
	"strings"
	"sync"

	"recado/campaign/people"
)

// nations are the countries by what people write in a column, folded.
var nations = sync.OnceValue(func() map[string]string {
	all := make(map[string]string)
	for line := range strings.SplitSeq(`BR|brasil|brazil|bra|br brasil
PT|portugal|prt
ES|espanha|espana|spain|esp
AR|argentina|arg
UY|uruguai|uruguay|ury
PY|paraguai|paraguay|pry
CL|chile|chl
BO|bolivia|bol
PE|peru|per
CO|colombia|col
EC|equador|ecuador|ecu
VE|venezuela|ven
MX|mexico|mejico|mex
CR|costa rica|cri
PA|panama|pan
GT|guatemala|gtm
HN|honduras|hnd
NI|nicaragua|nic
SV|el salvador|slv
DO|republica dominicana|dominican republic|dom
CU|cuba|cub
PR|puerto rico|porto rico|pri
US|eua|usa|u.s.a.|u.s.|estados unidos|estados unidos da america|estados unidos de america|united states|united states of america
CA|canada|can
GB|reino unido|united kingdom|uk|u.k.|inglaterra|england|gra-bretanha|gran bretana|great britain|gbr
IE|irlanda|ireland|irl
FR|franca|francia|france|fra
DE|alemanha|alemania|germany|deutschland|deu
IT|italia|italy|ita
CH|suica|suiza|switzerland|che
NL|holanda|paises baixos|paises bajos|netherlands|nld
BE|belgica|belgium|bel
AT|austria|aut
LU|luxemburgo|luxembourg|lux
AO|angola|ago
MZ|mocambique|mozambique|moz
CV|cabo verde|cape verde|cpv
JP|japao|japon|japan|jpn
CN|china|chn
AU|australia|aus`, "\n") {
		region, names, _ := strings.Cut(line, "|")
		for name := range strings.SplitSeq(names, "|") {
			all[name] = region
		}
	}
	return all
})

// nation is the two letters of the country that a cell names; empty if it names
// none.
func nation(cell string) string {
	if len(cell) < 2 || len(cell) > 40 {
		return ""
	}
	if region, ok := nations()[people.Fold(cell)]; ok {
		return region
	}
	if len(cell) == 2 && cell[0]|0x20 >= 'a' && cell[0]|0x20 <= 'z' {
		return people.Country(cell)
	}
	return ""
}
