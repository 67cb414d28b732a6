package files

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// summed is what was read of a file, in short: a person a line, "name phones",
// then tags, fields, and what was said of leaving.
func summed(t *testing.T, text string, options Options) (persons []string, bad []Bad, report *Report) {
	t.Helper()
	report, err := Read(t.Context(), strings.NewReader(text), options, Sink{
		Row: func(r people.Row) error {
			s := strings.TrimSpace(r.Name + " " + string(r.Phone))
			for _, p := range r.Others {
				s += "," + string(p)
			}
			if len(r.Tags) > 0 {
				s += " #" + strings.Join(r.Tags, "#")
			}
			if r.Consent.Status != people.ConsentUnknown {
				s += " " + r.Consent.Status.String() + " " + r.Consent.Source
			}
			for _, k := range slices.Sorted(maps.Keys(r.Fields)) {
				s += " " + k + "=" + r.Fields[k]
			}
			if r.Left != "" {
				s += " LEFT"
			}
			if r.Doubt != "" {
				s += " DOUBT"
			}
			persons = append(persons, s)
			return nil
		},
		Bad: func(b Bad) error { bad = append(bad, b); return nil },
	})
	if err != nil {
		t.Errorf("%.60q: %v", text, err)
	}
	return persons, bad, report
}

type kind struct {
	name, file string
	want       []string
}

func tryKinds(t *testing.T, kinds []kind) {
	t.Helper()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			got, bad, report := summed(t, k.file, Options{})
			if !slices.Equal(got, k.want) || len(bad) > 0 {
				t.Errorf("got  %q\nwant %q\nbad %v\ncolumns %+v", got, k.want, bad, report.Columns)
			}
		})
	}
}

func TestTheExportsOfManySystemsAreRead(t *testing.T) {
	tryKinds(t, []kind{
		{"Google", "First Name,Middle Name,Last Name,Nickname,Organization Name,Birthday,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value,Custom Field 1 - Label\n" +
			"Ana,Maria,Prado,,,,,* myContacts ::: Clientes ::: VIP,* Home,ana@example.com,Work Fax,+55 11 98765-9999,Mobile,+55 11 98765-0001,\n",
			[]string{"Ana Maria Prado +5511987650001 #Clientes#VIP e-mail_1_-_label=* Home email=ana@example.com first_name=Ana last_name=Prado middle_name=Maria phone_1_-_label=Work Fax phone_1_-_value=+55 11 98765-9999 phone_2_-_label=Mobile"}},
		{"Google of before", "Name,Given Name,Family Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value\n" +
			"Ana Prado,Ana,Prado,* myContacts ::: vip,* Other,a@example.com,Mobile,(11) 98765-0001 ::: (11) 3333-0001\n",
			[]string{"Ana Prado +5511987650001,+551133330001 #vip e-mail_1_-_type=* Other email=a@example.com family_name=Prado given_name=Ana phone_1_-_type=Mobile"}},
		{"Google in Portuguese", "Nome,Sobrenome,Telefone 1 - Rótulo,Telefone 1 - Valor,Telefone 2 - Rótulo,Telefone 2 - Valor\nAna,Prado,Trabalho,11 3333-0001,Celular,11 98765-0001\n",
			[]string{"Ana Prado +5511987650001,+551133330001 sobrenome=Prado telefone_1_-_rotulo=Trabalho telefone_2_-_rotulo=Celular"}},
		{"Outlook in Portuguese", "Título,Nome,Sobrenome,Empresa,Telefone comercial,Telefone residencial,Telefone celular,Fax comercial,Endereço de email,Categorias\n,Ana,Prado,ACME,11 3333-0001,,11 98765-0001,11 3333-0002,a@example.com,Clientes;VIP\n",
			[]string{"Ana Prado +5511987650001,+551133330001 #Clientes#VIP email=a@example.com empresa=ACME fax_comercial=11 3333-0002 sobrenome=Prado"}},
		{"iCloud", "First name,Last name,Phone : mobile,Phone : home,Email : home\nAna,Prado,+55 11 98765-0001,+55 11 3333-0001,a@example.com\n",
			[]string{"Ana Prado +5511987650001,+551133330001 email=a@example.com first_name=Ana last_name=Prado"}},
		{"HubSpot", "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Contact owner,Lead Status,Marketing contact status\n101,Ana,Prado,a@example.com,+551133330001,+5511987650001,Vera Dona,NEW,Marketing contact\n",
			[]string{"Ana Prado +5511987650001,+551133330001 contact_owner=Vera Dona email=a@example.com first_name=Ana last_name=Prado lead_status=NEW marketing_contact_status=Marketing contact record_id=101"}},
		{"RD Station", "Email;Nome;Telefone;Celular;Cidade;Tags;Estágio no funil\na@example.com;Ana Prado;(11) 3333-0001;(11) 98765-0001;São Paulo;vip,novo;Lead\n",
			[]string{"Ana Prado +5511987650001,+551133330001 #vip#novo cidade=São Paulo email=a@example.com estagio_no_funil=Lead"}},
		{"Mailchimp", "Email Address,First Name,Last Name,Phone Number,MEMBER_RATING,OPTIN_TIME,TAGS\na@example.com,Ana,Prado,11987650001,2,2024-01-02 10:00:00,\"\"\"vip\"\",\"\"novo\"\"\"\n",
			[]string{"Ana Prado +5511987650001 #vip#novo email=a@example.com first_name=Ana last_name=Prado member_rating=2 optin_time=2024-01-02 10:00:00"}},
		{"Mailchimp, those who left", "Email Address,First Name,Phone Number,UNSUB_TIME,UNSUB_REASON\na@example.com,Ana,11987650001,2024-01-02 10:00:00,N/A\n",
			[]string{"Ana +5511987650001 email=a@example.com first_name=Ana unsub_time=2024-01-02 10:00:00 LEFT"}},
		{"Shopify", "First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Phone,Phone,Accepts SMS Marketing,Total Orders,Tags\nAna,Prado,a@example.com,yes,,,'+5511987650001,no,3,\"vip, novo\"\n",
			[]string{"Ana Prado +5511987650001 #vip#novo accepts_email_marketing=yes accepts_sms_marketing=no email=a@example.com first_name=Ana last_name=Prado total_orders=3 DOUBT"}},
		{"Shopify orders", "Name,Email,Financial Status,Billing Name,Billing Phone,Shipping Name,Shipping Phone,Phone,Lineitem name\n#1001,a@example.com,paid,Ana Prado,11 98765-0001,Vó da Ana,11 98765-0009,,Bolo\n",
			[]string{"Ana Prado +5511987650001 email=a@example.com financial_status=paid lineitem_name=Bolo name=#1001 shipping_name=Vó da Ana shipping_phone=11 98765-0009"}},
		{"WooCommerce", "order_number,billing_first_name,billing_last_name,billing_email,billing_phone,shipping_first_name\n77,Ana,Prado,a@example.com,11987650001,Bia\n",
			[]string{"Ana Prado +5511987650001 billing_first_name=Ana billing_last_name=Prado email=a@example.com order_number=77 shipping_first_name=Bia"}},
		{"Meta leads", "id\tcreated_time\tad_id\tad_name\tcampaign_name\tform_name\tis_organic\tplatform\tfull_name\tphone_number\temail\nl:123456789012\t2026-01-02T10:00:00-03:00\tag:120330000000000\tAnúncio\tNatal\tForm\tfalse\tig\tAna Prado\tp:+5511987650001\ta@example.com\n",
			[]string{"Ana Prado +5511987650001 ad_id=ag:120330000000000 ad_name=Anúncio campaign_name=Natal created_time=2026-01-02T10:00:00-03:00 email=a@example.com form_name=Form id=l:123456789012 is_organic=false platform=ig"}},
		{"Meta leads in Portuguese", "nome_completo,número_de_telefone,e-mail,qual_o_seu_interesse?\nAna Prado,+5511987650001,a@example.com,curso\n",
			[]string{"Ana Prado +5511987650001 email=a@example.com qual_o_seu_interesse?=curso"}},
		{"Receita", "cnpj;razao_social;nome_fantasia;ddd_1;telefone_1;ddd_2;telefone_2;correio_eletronico\n12345678000195;ACME LTDA;ACME;11;33330001;11;987650001;a@example.com\n",
			[]string{"ACME +5511987650001,+551133330001 cnpj=12345678000195 ddd_1=11 ddd_2=11 email=a@example.com razao_social=ACME LTDA"}},
		{"area code and phone in one", "cnpj;razao_social;ddd_telefone_1;ddd_telefone_2\n12345678000195;ACME LTDA;1133330001;11987650001\n",
			[]string{"ACME LTDA +5511987650001,+551133330001 cnpj=12345678000195"}},
		{"TOTVS", "A1_COD;A1_NOME;A1_DDD;A1_TEL;A1_MUN\n000001;ANA PRADO;011;987650001;SAO PAULO\n",
			[]string{"ANA PRADO +5511987650001 a1_cod=000001 a1_ddd=011 a1_mun=SAO PAULO"}},
		{"DDI, DDD and number", "Nome;DDI;DDD;Número\nAna;55;11;98765-0001\nBia;351;;912 345 678\n",
			[]string{"Ana +5511987650001 ddd=11 ddi=55", "Bia +351912345678 ddi=351"}},
		{"Spanish", "Nombre;Apellidos;Correo electrónico;Teléfono móvil;Ciudad\nAna;Prado Ruiz;a@example.com;+52 1 55 1234 5678;México\n",
			[]string{"Ana Prado Ruiz +525512345678 apellidos=Prado Ruiz ciudad=México email=a@example.com"}},
		{"Brevo", "CONTACT ID,EMAIL,FIRSTNAME,LASTNAME,SMS,WHATSAPP\n1,a@example.com,Ana,Prado,5511987650001,\n",
			[]string{"Ana Prado +5511987650001 contact_id=1 email=a@example.com firstname=Ana lastname=Prado"}},
		{"Kommo", "Contato: nome completo;Telefone comercial;Celular;Telefone residencial;Email comercial;Lead tags\nAna Prado;'+551133330001;'+5511987650001;;a@example.com;vip\n",
			[]string{"Ana Prado +5511987650001,+551133330001 #vip email=a@example.com"}},
		{"a school", "Matrícula;Nome do aluno;Nome da mãe;Celular da mãe;Turma\n2024001;Ana Prado;Bia Prado;11 98765-0001;5A\n",
			[]string{"Ana Prado +5511987650001 matricula=2024001 nome_da_mae=Bia Prado turma=5A"}},
		{"camelCase", "clienteNome,clienteTelefone,dataNascimento\nAna Prado,11987650001,2000-01-02\n",
			[]string{"Ana Prado +5511987650001 datanascimento=2000-01-02"}},
		{"WhatsApp yes or no", "Nome;Telefone;Tem WhatsApp?\nAna;11 98765-0001;sim\n", []string{"Ana +5511987650001 tem_whatsapp?=sim"}},
		{"WhatsApp marked with X", "Nome;Telefone;WhatsApp\nAna;11 98765-0001;X\nBia;11 98765-0002;\n", []string{"Ana +5511987650001 whatsapp=X", "Bia +5511987650002"}},
		{"a landline that is on WhatsApp", "Nome;Celular;WhatsApp\nLoja;11 98765-0001;11 3333-0001\n", []string{"Loja +551133330001,+5511987650001"}},
		{"a column of CPF", "CPF;Nome;Contato\n119.876.543-21;Ana;11 98765-0001\n", []string{"Ana +5511987650001 cpf=119.876.543-21"}},
		{"contact is a name", "Contato;Fone\nAna Prado;11 98765-0001\n", []string{"Ana Prado +5511987650001"}},
		{"no word for the phones", "Pessoa;Onde falar\nAna;11 98765-0001\nBia;11 98765-0002\n", []string{"Ana +5511987650001", "Bia +5511987650002"}},
	})
}

func TestTitlesThatSayPhone(t *testing.T) {
	for _, title := range []string{"Celular 1", "Celular/WhatsApp", "Telefone c/ DDD", "WhatsApp (com DDD)", "Nº do Celular", "Nº WhatsApp", "Mobile No", "Phone #", "Contact No.", "Tel.", "TEL", "Fone 1",
		"Teléfono celular", "Móvil", "Número de teléfono", "Nro. Celular", "Celular do cliente", "Telefone do Responsável", "phone_mobile", "mobilePhone", "Telefone Principal", "Primary Phone", "Home Phone",
		"Shipping Phone", "customer_phone", "Cell Phone", "cell_number", "Whats", "Zap", "WhatsApp Number", "Número WhatsApp", "Telefone (WhatsApp)", "Número", "Contato", "Telefones", "Fone Residencial",
		"Telefone2", "TELEFONE_CELULAR", "ddd+telefone", "DDD/Telefone", "DDD e Telefone", "Telefone com código do país", "Phone (with country code)", "Telefone para contato", "MSISDN", "Handphone", "telefono_1",
		"Qual é o seu WhatsApp?", "Informe seu telefone com DDD", "Seu número de WhatsApp", "Enter your phone number", "Tel Cel", "Telf. móvil", "Num. Tel.", "Fone contato", "Celular(WhatsApp)", "Phone Number (Mobile)"} {
		got, bad, _ := summed(t, "Nome;"+title+";Cidade\nAna;11 98765-2000;Recife\nBia;;Olinda\n", Options{})
		if len(got) != 1 || !strings.HasPrefix(got[0], "Ana +5511987652000 ") || !strings.Contains(got[0], "cidade=Recife") || strings.Count(got[0], "=") != 1 || len(bad) != 1 {
			t.Errorf("%q: %q, bad %v", title, got, bad)
		}
	}
}

func TestOneNumberIsReadWhateverStandsAroundIt(t *testing.T) {
	for _, cell := range []string{"(11) 9.8765-0001", "11 9 8765 0001", "+55(11)98765-0001", "55 (011) 98765-0001", "tel:+5511987650001", "11-98765-0001 / recado com Ana", "☎ 11 98765 0001", "+55 11 98765-0001 (WhatsApp) – falar c/ Bia",
		"11 98765 0001 - Vivo", "(0XX11)98765-0001", "(0xx)11 98765-0001", "0 XX 11 98765-0001", "55-11-98765-0001.", "+55 11 98765–0001", "https://wa.me/5511987650001/?text=Oi%20tudo", "wa.me/+55 (11) 98765-0001",
		"https://web.whatsapp.com/send?phone=5511987650001", "https://api.whatsapp.com/send/?phone=%2B5511987650001&text", "whatsapp:5511987650001", "https://wa.me/c/5511987650001", "jid:5511987650001@c.us",
		"telefone: 11 98765-0001 e-mail: a@b.c", "11 98765-0001#12", "1198765.0001", "5,511987650001E+12"[:0] + "11987650001.0", "\u202a+55 11 98765-0001\u202c", "cel 11987650001 (mãe)", "Whats:11987650001", "1 1 9 8765 0001"} {
		got, bad, _ := summed(t, "nome\tfone\nAna\t"+cell+"\n", Options{})
		if len(got) != 1 || got[0] != "Ana +5511987650001" || len(bad) > 0 {
			t.Errorf("%q: %q, %v", cell, got, bad)
		}
	}
	for _, cell := range []string{"98765-0001", "5,51199E+12", "1,1E+12", "5511987650007-1234567890@g.us", "1234567890@lid", "ana11987650001@example.com", "190", "11 98765-00012", "Rua A, 12"} {
		got, bad, _ := summed(t, "nome\tfone\nAna\t"+cell+"\nBia\t11987650002\n", Options{})
		if len(got) != 1 || len(bad) != 1 {
			t.Errorf("%q: %q, %v", cell, got, bad)
		}
	}
}

func TestTitlesThatSayName(t *testing.T) {
	for _, title := range []string{"Nome do contato", "Contact Name", "Nome / Razão Social", "Nombre", "Nome do Aluno", "Client Name", "NOME COMPLETO", "Nome do(a) paciente", "Cliente", "Customer", "Nombre y apellidos",
		"nm_cliente", "Nome da pessoa", "Full name", "Razão Social", "Titular", "Qual é o seu nome?", "Nome e sobrenome", "Display Name", "Nombre completo", "customer_name", "Lead", "Responsável", "Nome Fantasia", "Seu nome", "Contato", "name"} {
		got, bad, _ := summed(t, title+";Telefone\nAna Prado;11 98765-3701\n", Options{})
		if len(got) != 1 || got[0] != "Ana Prado +5511987653701" || len(bad) > 0 {
			t.Errorf("%q: %q, bad %v", title, got, bad)
		}
	}
}

func TestWhatStandsAroundATable(t *testing.T) {
	ana := []string{"Ana +5511987651801 cidade=Recife"}
	for name, file := range map[string]string{
		"titles":                    "ERP 1.0\nRelatório de clientes\nEmitido em: 01/02/2026\n\nNome;Telefone;Cidade\nAna;11 98765-1801;Recife\n\nTotal de registros: 1\n",
		"a title with a phone":      "Loja da Ana - (11) 3333-4444;;\n\nNome;Telefone;Cidade\nAna;11 98765-1801;Recife\n",
		"titles with the word":      "Lista de telefones dos clientes;;\nNome;Telefone;Cidade\nAna;11 98765-1801;Recife\nPágina 1 de 1;;\n",
		"no titles":                 "Nome;Telefone;Cidade\nAna;11 98765-1801;Recife\n",
		"names of columns on pages": "Nome;Telefone;Cidade\nAna;11 98765-1801;Recife\nNome;Telefone;Cidade\nSubtotal;1;\n",
		"bars":                      "Nome | Telefone | Cidade\nAna | 11 98765-1801 | Recife\n",
		"bars at both ends":         "|Nome|Telefone|Cidade|\n|Ana|11 98765-1801|Recife|\n",
		"sep":                       "sep=;\r\nNome;Telefone;Cidade\r\nAna;11 98765-1801;Recife\r\n",
		"SEP":                       "Sep=,\r\nNome,Telefone,Cidade\r\nAna,11 98765-1801,Recife\r\n",
		"sep in quotes":             "\"sep=,\"\nNome,Telefone,Cidade\nAna,11 98765-1801,Recife\n",
		"sep and cells":             "sep=;;;\nNome;Telefone;Cidade\nAna;11 98765-1801;Recife\n",
		"sep with a mark":           "\ufeffsep=;\nNome;Telefone;Cidade\nAna;11 98765-1801;Recife\n",
		"sep of a tab":              "sep=\t\nNome\tTelefone\tCidade\nAna\t11 98765-1801\tRecife\n",
		"whole lines in quotes":     "\"Nome,Telefone,Cidade\"\n\"Ana,11 98765-1801,Recife\"\n",
		"whole lines, and cells":    "\"Nome;\"\"Telefone\"\";Cidade\"\n\"\"\"Ana\"\";11 98765-1801;Recife\"\n",
		"everything in quotes":      "\"Nome\";\"Telefone\";\"Cidade\"\n\"Ana\";\"11 98765-1801\";\"Recife\"\n",
		"single quotes around":      "Nome,Telefone,Cidade\nAna,'11 98765-1801',Recife\n",
		"empty cells at the end":    "Nome;Telefone;Cidade;;;\nAna;11 98765-1801;Recife;;;\n",
		"empty lines":               "\n\n;;\nNome;Telefone;Cidade\n\n;;\nAna;11 98765-1801;Recife\n;;\n",
		"form feeds":                "Nome;Telefone;Cidade\nAna;11 98765-1801;Recife\n\f",
	} {
		got, bad, _ := summed(t, file, Options{})
		if !slices.Equal(got, ana) || len(bad) > 0 {
			t.Errorf("%s: %q, bad %v", name, got, bad)
		}
	}
}

func TestTablesWithoutNamesOfColumns(t *testing.T) {
	tryKinds(t, []kind{
		{"phones", "11 98765-0001\n11 98765-0002\n(21) 98765-0003\n", []string{"+5511987650001", "+5511987650002", "+5521987650003"}},
		{"phones of the world", "+5511987650001\n+351912345678\n", []string{"+5511987650001", "+351912345678"}},
		{"names and phones", "Ana,11987650001\nBia,11987650002\n", []string{"Ana +5511987650001", "Bia +5511987650002"}},
		{"phones and names", "11987650001\tAna Prado\ta@example.com\n11987650002\tBia\t\n", []string{"Ana Prado +5511987650001 email=a@example.com", "Bia +5511987650002"}},
		{"one", "11987650001", []string{"+5511987650001"}},
		{"in one text", "Ana 11 98765-0001\nBia 11 98765-0002\n", []string{"Ana +5511987650001", "Bia +5511987650002"}},
	})
}

func TestBrokenQuotesAreMended(t *testing.T) {
	tryKinds(t, []kind{
		{"a nickname", "nome;fone\n\"Ana \"Nina\" Prado\";11987650001\n", []string{`Ana "Nina" Prado +5511987650001`}},
		{"backslashes", "nome,fone\n\"Ana \\\"Nina\\\" Prado\",11987650001\n", []string{`Ana "Nina" Prado +5511987650001`}},
		{"never closed", "nome;fone\nAna;\"11987650001\nBia;11987650002\n", []string{"Ana +5511987650001", "Bia +5511987650002"}},
		{"inches", "nome;obs;fone\nAna;TV 50\";11987650001\n", []string{`Ana +5511987650001 obs=TV 50"`}},
		{"a separator inside", "nome,cidade,fone\n\"Prado, \"Ana\"\",\"Rio, RJ\",11987650001\n", []string{`Prado, "Ana" +5511987650001 cidade=Rio, RJ`}},
		{"line breaks", "nome;obs;fone\nAna;\"uma\r\nduas\";11987650001\r\n", []string{"Ana +5511987650001 obs=uma\nduas"}},
	})
}

func TestValuesThatMeanNothing(t *testing.T) {
	for _, nothing := range []string{"NULL", "null", "nan", "NaN", "None", "#N/D", "#N/A", "N/A", "n/d", "-", "--", "---", "—", ".", "undefined", "(null)", `\N`, "#REF!", "#VALOR!", "(vazio)", "não informado", "Não Informado", "\x00"[:0] + "\x07", "\u200b", "[object Object]", "?", "???", "*", "0x"[:0]} {
		got, bad, _ := summed(t, "nome;fone;cidade;tags\n"+nothing+";11987650001;"+nothing+";"+nothing+"\n", Options{})
		if len(got) != 1 || got[0] != "+5511987650001" || len(bad) > 0 {
			t.Errorf("%q: %q, %v", nothing, got, bad)
		}
	}
	for _, nobody := range []string{"Sem nome", "SEM NOME", "s/ nome", "No name", "desconhecido", "Unknown", "+55 11 98765-0001", "11987650001", "."} {
		got, _, _ := summed(t, "nome;fone\n"+nobody+";11987650001\nAna;11987650002\n", Options{})
		if len(got) != 2 || got[0] != "+5511987650001" {
			t.Errorf("%q: %q", nobody, got)
		}
	}
	tryKinds(t, []kind{
		{"the phone that is there", "nome;celular;telefone\nAna;NULL;11987650001\nBia;-;11987650002\nCaio;não tem;11987650003\n", []string{"Ana +5511987650001", "Bia +5511987650002", "Caio +5511987650003 celular=não tem"}},
		{"a terminal", "nome;fone;cidade\n\x1b]0x\x07\x1b[31mAna\x1b[0m\x07;11987650001;\u202eefas\u202c\n", []string{"Ana +5511987650001 cidade=efas"}},
		{"joined pictures", "nome;fone\nAna 👩‍🔬;11987650001\n", []string{"Ana 👩‍🔬 +5511987650001"}},
	})
}

func TestTagsAsOtherSystemsWriteThem(t *testing.T) {
	for tags, want := range map[string]string{
		"vip": "#vip", "vip, novo": "#vip#novo", "vip;novo": "#vip#novo", "vip|novo": "#vip#novo", `["vip","novo"]`: "#vip#novo", "[vip, novo]": "#vip#novo", "{vip,novo}": "#vip#novo",
		"#vip #novo": "#vip#novo", "'vip','novo'": "#vip#novo", "* myContacts ::: VIP": "#VIP", "vip::: novo": "#vip#novo", "vip\nnovo": "#vip#novo", "VIP, vip ,Vip": "#VIP", `"vip"`: "#vip", "[]": "", "{}": "", ", ;": "",
		"São Paulo, Rio": "#São Paulo#Rio", "['vip', 'novo']": "#vip#novo", "vip,null": "#vip",
	} {
		got, bad, _ := summed(t, "nome\ttags\tfone\nAna\t\""+strings.ReplaceAll(tags, `"`, `""`)+"\"\t11987650001\n", Options{})
		if len(got) != 1 || got[0] != strings.TrimSpace("Ana +5511987650001 "+want) || len(bad) > 0 {
			t.Errorf("%q: %q, %v; want %q", tags, got, bad, want)
		}
	}
}

func TestWhoHasLeftElsewhereIsUnderstoodOrAskedAbout(t *testing.T) {
	for _, test := range []struct{ title, left, stays, asked string }{
		{"Opt-out", "sim|x|1|TRUE|2024-01-02|02/01/2024 10:00|opt-out", "não|0|false||no|n", "talvez|e-mail"},
		{"opt_out_whatsapp", "yes", "no|", "sms"},
		{"Descadastrado", "Sim|S", "Não|N|", "??x"},
		{"Unsubscribed", "true", "false|", "partly"},
		{"unsubscribed_at", "2024-01-02T10:00:00Z|2024-01-02", "|null", ""},
		{"Do not contact", "yes|1", "no", ""},
		{"Não perturbe", "sim", "não", ""},
		{"No contactar", "sí|Si", "no", ""},
		{"Não quer receber mensagens", "sim", "não", ""},
		{"DNC", "Y", "N", ""},
		{"Blacklist", "1", "0", ""},
		{"Status", "unsubscribed|Unsubscribed|Descadastrado|opt-out|do not contact|Não contatar|blacklisted", "ativo|inativo|Cancelado|subscribed|pago", ""},
		{"Situação", "descadastrada|não perturbe", "Em dia|Inadimplente|cancelado", ""},
		{"Subscription status", "unsubscribed", "subscribed|pending", ""},
		{"Aceita receber mensagens", "não|no|0", "sim|1|yes|", ""},
		{"Opt-in", "unsubscribed|não|false", "sim|true|2024-01-02", "talvez"},
		{"Consentimento LGPD", "não", "sim", ""},
		{"Accepts SMS Marketing", "", "yes", "no"},
		{"Aceita marketing por e-mail", "", "sim|não", ""},
		{"Unsubscribed from all email", "", "false|", "true"},
		{"Email Opt Out", "", "0", "1"},
		{"Bloqueado", "", "não|", "sim"},
		{"Marketing", "opt-out", "opt-in|sim|x", ""},
		{"Email status", "", "ok", "unsubscribed"},
		{"Consent", "withdrawn|revoked", "granted|Yes", ""},
		{"Subscribed", "", "Yes|1|true", "No|false"},
		{"Excluir", "", "não", "sim"},
		{"Opted out date", "2024-05-01", "", ""},
		{"UF/Estado", "", "SP|Recife|PA", ""},
	} {
		try := func(values, want string) {
			t.Helper()
			if values == "" {
				return
			}
			for value := range strings.SplitSeq(values, "|") {
				got, bad, _ := summed(t, "nome;fone;"+strconv.Quote(test.title)+"\nAna;11987650001;"+value+"\n", Options{})
				says := ""
				if len(got) == 1 {
					for _, word := range []string{"LEFT", "DOUBT"} {
						if strings.HasSuffix(got[0], word) {
							says = word
						}
					}
				}
				if len(got) != 1 || says != want || len(bad) > 0 {
					t.Errorf("%s: %q: got %q, bad %v; want %q", test.title, value, got, bad, want)
				}
			}
		}
		try(test.left, "LEFT")
		try(test.stays, "")
		try(test.asked, "DOUBT")
	}
}

func TestWhatIsOddIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		want reason.Code
	}{
		"one number, two people":  {"nome;fone\nAna;11987650001\nBia;11 98765-0001\n", reason.NoteShared},
		"with and without the 9":  {"nome;fone\nAna;11987650001\nBia;11 8765-0001\n", reason.NoteShared},
		"a number that is filled": {"nome;fone\nAna;11999999999\n", reason.NoteFilledIn},
		"zeros":                   {"nome;fone\nAna;11900000000\n", reason.NoteFilledIn},
		"one to eight":            {"nome;fone\nAna;11912345678\n", reason.NoteFilledIn},
		"accents twice":           {"nome;fone\nConceiÃ§Ã£o;11987650001\n", reason.NoteMended},
		"lost letters":            {"nome;fone\nConcei\uFFFD\uFFFDo;11987650001\n", reason.NoteLetters},
		"no names":                {"fone;cidade\n11987650001;Recife\n", reason.NoteNoNames},
		"Mac":                     {"nome;fone\nConcei\x8d\x8bo;11987650001\n", reason.NoteEncoding},
		"who has left":            {"nome;fone;optout\nAna;11987650001;sim\n", reason.NoteLeft},
		"who says no":             {"nome;fone;optin\nAna;11987650001;não\n", reason.NoteLeft},
		"who may have":            {"nome;fone;optin\nAna;11987650001;talvez\n", reason.NoteDoubt},
		"a summary":               {"nome;fone\nAna;11987650001\nTotal;1\n", reason.NoteSummary},
		"names of columns again":  {"nome;fone\nAna;11987650001\nnome;fone\n", reason.NoteHeader},
		"nothing":                 {"nome;fone\nAna;11987650001\nAna Prado;11987650001\nAna Prado;11987650001\n", ""},
	} {
		_, _, report := summed(t, test.file, Options{})
		codes := []reason.Code{}
		for _, k := range report.Notes.Kinds {
			codes = append(codes, k.Example.Reason.Kind())
		}
		if test.want == "" && len(codes) > 0 || test.want != "" && !slices.Contains(codes, test.want) {
			t.Errorf("%s: %v; want %s", name, codes, test.want)
		}
	}
}

func TestColumnsAreWhatAPersonSays(t *testing.T) {
	const file = "Cliente;Telefone;Telefone 2;Apelido;Obs\nAna Prado;11987650001;11987650002;Nina;x\n"
	for text, want := range map[string]string{
		"nome=Apelido":                    "Nina +5511987650001,+5511987650002 cliente=Ana Prado obs=x",
		"telefone=Telefone 2":             "Ana Prado +5511987650002 apelido=Nina obs=x telefone=11987650001",
		"phone=#3,name=apelido":           "Nina +5511987650002 cliente=Ana Prado obs=x telefone=11987650001",
		"ignorar=Obs":                     "Ana Prado +5511987650001,+5511987650002 apelido=Nina",
		"tags=Obs":                        "Ana Prado +5511987650001,+5511987650002 #x apelido=Nina",
		"nota interna=obs":                "Ana Prado +5511987650001,+5511987650002 apelido=Nina nota_interna=x",
		"ignorar=Apelido,ignorar=OBS":     "Ana Prado +5511987650001,+5511987650002",
		"optout=Obs,ignorar=Apelido":      "Ana Prado +5511987650001,+5511987650002 obs=x LEFT",
		"telefone=Telefone 2,celular=obs": "Ana Prado +5511987650002 apelido=Nina obs=x telefone=11987650001",
	} {
		var options Options
		for pair := range strings.SplitSeq(text, ",") {
			as, title, _ := strings.Cut(pair, "=")
			options.Map = append(options.Map, Mapping{As: as, Title: title})
		}
		got, bad, _ := summed(t, file, options)
		if len(got) != 1 || got[0] != want || len(bad) > 0 {
			t.Errorf("%s: %q, %v; want %q", text, got, bad, want)
		}
	}
	_, err := Read(t.Context(), strings.NewReader(file), Options{Map: []Mapping{{As: "nome", Title: "xyz"}}}, nothing)
	if err == nil || !strings.Contains(err.Error(), string(reason.ImportNoColumn)) || !strings.Contains(err.Error(), "Cliente") {
		t.Errorf("a column that is not there: %v", err)
	}
}

func TestWhatIsGivenToEverybody(t *testing.T) {
	got, _, _ := summed(t, "nome;fone;tags;origem\nAna;98765-0001;vip;site\nBia;98765-0002;;\n",
		Options{Where: people.Where{Area: "11"}, Tags: []string{"VIP", "feira"}, Consent: people.Consent{Status: people.ConsentGiven, Source: "feira"}})
	if want := []string{"Ana +5511987650001 #vip#feira yes feira origem=site", "Bia +5511987650002 #VIP#feira yes feira"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAChatIsReadAndThatOfAGroupIsNot(t *testing.T) {
	tryKinds(t, []kind{
		{"Android", "12/03/2026 10:00 - As mensagens são protegidas com a criptografia de ponta a ponta.\n12/03/2026 10:01 - +55 11 98765-0001: Oi: tudo bem?\nduas linhas\n12/03/2026 10:02 - Loja: Olá\n", []string{"+5511987650001"}},
		{"iPhone", "\u200e[12/03/26, 10:00:00] +55 11 98765-0001: \u200eAs mensagens são protegidas\n[12/03/26, 10:01:00] Loja: oi\n", []string{"+5511987650001"}},
		{"English", "3/12/26, 10:00 AM - +1 (212) 555-1234: Hi\n3/12/26, 10:01 AM - Shop: Hello\n", []string{"+12125551234"}},
		{"zipped", zipped("_chat.txt", "[12/03/26, 10:00:00] +55 11 98765-0001: oi\n"), []string{"+5511987650001"}},
	})
}

func TestAnotherRecadosListIsRead(t *testing.T) {
	tryKinds(t, []kind{
		{"JSON", `{"phone":"+5511987650001","name":"Ana","tags":["vip"],"fields":{"cidade":"Recife"},"id":7,"opted_out":false,"doubt":""}` + "\n\n" +
			`{"phone":"+5511987650002","name":"Bia","tags":[],"fields":{},"opted_out":true,"doubt":""}` + "\n" +
			`{"phone":"+5511987650003","name":"","tags":[],"fields":{},"opted_out":false,"doubt":"quero cancelar"}` + "\n",
			[]string{"Ana +5511987650001 #vip cidade=Recife", "Bia +5511987650002 LEFT", "+5511987650003 DOUBT"}},
	})
}
