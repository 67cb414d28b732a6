package files

import (
	"slices"
	"strconv"
	"strings"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// Mapping says what a column is: the name of a role, or of a field. With a Role
// it is that, and As the name of the field if it is FieldRole.
type Mapping struct {
	As, Title string // the title may be "#3": the third
	Role      Role
}

// MayBe are the roles that a person may give a column, in the order in which they
// are offered.
func MayBe() []Role {
	return []Role{
		NameRole, FirstRole, LastRole, PhoneRole, AreaRole, CountryRole,
		EmailRole, TagsRole, ListsRole, LeftRole, AskedRole, AgreesRole, FieldRole, IgnoredRole,
	}
}

// targets are the roles by what a person calls them, folded.
var targets = map[string]Role{
	"nome": NameRole, "name": NameRole, "nombre": NameRole,
	"primeiro_nome": FirstRole, "first_name": FirstRole, "primer_nombre": FirstRole,
	"sobrenome": LastRole, "last_name": LastRole, "apellido": LastRole, "apellidos": LastRole,
	"telefone": PhoneRole, "phone": PhoneRole, "telefono": PhoneRole, "fone": PhoneRole, "celular": PhoneRole, "whatsapp": PhoneRole, "mobile": PhoneRole,
	"ddd": AreaRole, "area_code": AreaRole, "ddi": CountryRole, "country_code": CountryRole,
	"email": EmailRole, "e-mail": EmailRole, "correo": EmailRole,
	"tags": TagsRole, "tag": TagsRole, "etiquetas": TagsRole,
	"listas": ListsRole, "lista": ListsRole, "lists": ListsRole, "list": ListsRole,
	"optout": LeftRole, "opt-out": LeftRole, "opt_out": LeftRole, "saiu": LeftRole, "optin": AskedRole, "opt-in": AskedRole, "opt_in": AskedRole,
	"optin?": AgreesRole, "opt-in?": AgreesRole, "opt_in?": AgreesRole,
	"ignorar": IgnoredRole, "ignore": IgnoredRole,
}

// mapped gives columns the roles that a person said; nothing else has those
// that one column has.
func (l *layout) mapped(all []Mapping) error {
	given := make(map[Role]bool)
	for rank, m := range all {
		at := l.find(m.Title)
		if at < 0 {
			titles := make([]string, len(l.columns))
			for i, c := range l.columns {
				titles[i] = c.Title
			}
			return reason.New(reason.ImportNoColumn, m.Title, titles)
		}
		role, known := targets[people.Fold(m.As)]
		if m.Role != "" {
			role, known = m.Role, m.Role != FieldRole
		}
		l.columns[at].said = true
		if !known {
			l.columns[at].Role, l.columns[at].Field, l.columns[at].rank = FieldRole, FieldName(m.As), 0
			continue
		}
		if !given[role] && role != IgnoredRole && role != TagsRole && role != ListsRole && role != LeftRole {
			for i := range l.columns {
				other := l.columns[i].Role
				if other == role || role == NameRole && (other == FirstRole || other == MiddleRole || other == LastRole) {
					l.columns[i].Role = FieldRole
				}
			}
		}
		given[role] = true
		l.columns[at].Role, l.columns[at].rank = role, rank
		if role == PhoneRole {
			l.columns[at].rank = min(rank, isNumber)
		}
	}
	return nil
}

// find is the column with a title, or "#3": the third; -1 if there is none.
func (l *layout) find(title string) int {
	if n, err := strconv.Atoi(strings.TrimPrefix(title, "#")); err == nil && strings.HasPrefix(title, "#") && n >= 1 && n <= len(l.columns) {
		return n - 1
	}
	want := people.Fold(title)
	if at := slices.IndexFunc(l.columns, func(c Column) bool { return people.Fold(c.Title) == want }); at >= 0 {
		return at
	}
	key := people.FieldKey(title)
	return slices.IndexFunc(l.columns, func(c Column) bool { return key != "" && people.FieldKey(c.Title) == key })
}
