package store

import (
	"maps"
	"slices"
	"strconv"

	"recado/campaign/people"
	"recado/store/bolt"
)

// A phone is a number in the record of a person: its digits, which take half as many
// bytes so. What would not come back the same is 0, and a text.

const mostDigits = 18 // of a number of eight bytes

func encodePhone(e *bolt.Enc, p people.Phone) {
	n := phoneNumber(p)
	e.Uint(n)
	if n == 0 {
		e.Text(string(p))
	}
}

// phoneNumber is the number of a phone; 0: it is written as a text.
func phoneNumber(p people.Phone) (n uint64) {
	if len(p) < 2 || len(p) > 1+mostDigits || p[0] != '+' || p[1] == '0' {
		return 0
	}
	for i := 1; i < len(p); i++ {
		d := p[i] - '0'
		if d > 9 {
			return 0
		}
		n = 10*n + uint64(d)
	}
	return n
}

func decodePhone(r *bolt.Dec) people.Phone {
	n := r.Uint()
	if n == 0 {
		return people.Phone(r.Text())
	}
	return phoneOf(n)
}

// phoneOf is the phone of a number.
func phoneOf(n uint64) people.Phone {
	var room [24]byte
	return people.Phone(strconv.AppendUint(append(room[:0], '+'), n, 10))
}

// usualFields are names that fields of many people have. Their places are written to
// disk: names are only ever added, at the end.
var usualFields = [...]string{
	"email", "cidade", "estado", "uf", "bairro", "cep", "endereco", "rua", "numero", "complemento", "pais", "cpf", "cnpj", "rg",
	"data_de_nascimento", "nascimento", "aniversario", "sexo", "genero", "idade", "profissao", "cargo", "empresa", "razao_social",
	"nome_fantasia", "status", "situacao", "origem", "codigo", "id", "plano", "valor", "saldo", "vencimento", "data", "data_de_cadastro",
	"observacao", "observacoes", "obs", "vendedor", "categoria", "segmento", "loja", "produto", "telefone_2", "sobrenome", "primeiro_nome",
	"city", "state", "country", "zip", "address", "company", "gender", "birthday", "source", "created_at", "notes", "first_name", "last_name",
	"ciudad", "provincia", "direccion", "correo", "fecha_de_nacimiento", "codigo_postal", "departamento", "barrio", "colonia",
}

// usualField is where a name stands among them.
var usualField = func() map[string]uint64 {
	places := make(map[string]uint64, len(usualFields))
	for i, name := range usualFields {
		places[name] = uint64(i)
	}
	return places
}()

// encodeFields appends fields in the order of their names. A name is an odd number,
// of one that many have, or twice its length and the text.
func encodeFields(e *bolt.Enc, fields map[string]string) {
	e.Uint(uint64(len(fields)))
	var room [8]string
	for _, name := range sortedKeys(fields, room[:0]) {
		if at, usual := usualField[name]; usual {
			e.Uint(at<<1 | 1)
		} else {
			e.Uint(uint64(len(name)) << 1)
			e.B = append(e.B, name...)
		}
		e.Text(fields[name])
	}
}

// sortedKeys appends the keys of fields, sorted.
func sortedKeys(fields map[string]string, keys []string) []string {
	keys = slices.AppendSeq(keys, maps.Keys(fields))
	slices.Sort(keys)
	return keys
}

// decodeFields reads fields into a map, which it makes if there is none.
func decodeFields(fields map[string]string, r *bolt.Dec) map[string]string {
	n := r.Count()
	if fields == nil && n > 0 {
		fields = make(map[string]string, n)
	}
	for range n {
		var name string
		if at := r.Uint(); at&1 == 0 {
			name = r.TextOf(at >> 1)
		} else if at >>= 1; at < uint64(len(usualFields)) {
			name = usualFields[at]
		} else {
			r.Fail()
		}
		fields[name] = r.Text()
	}
	return fields
}
