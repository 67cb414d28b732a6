package files

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"recado/campaign/people"
	"recado/campaign/reason"
)

func TestAnswersUnderOtherTitlesAreUnderstoodOrAskedAbout(t *testing.T) {
	for _, test := range []answered{
		{"SMS Marketing Consent", "UNSUBSCRIBED", "SUBSCRIBED|subscribed|active", "not_subscribed|NEVER_SUBSCRIBED"},
		{"Lista de bloqueio", "sim", "não", ""},
		{"No desea recibir mensajes", "sí", "no", ""},
		{"No enviar", "x", "no", ""},
		{"Do Not Text", "Yes", "No", ""},
		{"Do Not Message", "true", "false", ""},
		{"Cancelou inscrição", "", "não", "sim"},
		{"Data de cancelamento da inscrição", "", "null", "02/01/2026"},
		{"Fecha de baja", "", "null", "2026-01-02"},
		{"Subscribed to WhatsApp", "", "Yes", "No"},
		{"isBlocked", "", "false", "true"},
		{"Contato bloqueado", "", "Não", "Sim"},
		{"Saldo bloqueado", "", "10,50", ""},
		{"Is Suppressed", "", "false", "true"},
		{"Removed", "", "no", "yes"},
		{"Stop", "", "no", "yes"},
		{"Saiu do grupo", "", "não", "sim"},
		{"Estado de suscripción", "Desuscrito", "Activa", ""},
		{"Status WhatsApp", "Opt-out", "OK|ativo", "Bloqueou|bloqueado"},
		{"GDPR", "Withdrawn", "Given", ""},
		{"Marketing Permission", "", "yes", "no"},
		{"Pode enviar mensagem?", "Não", "Sim", ""},
		{"Enviar WhatsApp?", "", "Sim", "Não"},
		{"Consent Timestamp", "", "2026-01-02|no", ""},
		{"Opted-in for Email", "", "false|true", ""},
		{"¿Acepta recibir información?", "No", "Sí", ""},
		{"AllowBroadcast", "FALSE", "TRUE", ""},
		{"can_contact", "no", "yes", ""},
		{"Quer continuar recebendo?", "Não", "Sim", ""},
		{"Marketing", "", "Sim", "Não"},
		{"is_subscribed", "", "1", "0"},
		{"Consentimiento", "Revocado", "Sí", ""},
		{"Descadastrado em", "01/02/2026", "00/00/0000|0000-00-00|-", ""},
		{"Não mandar mensagem", "sim", "não", ""},
		{"Não ligar", "", "não", "sim"},
		{"Desinscrito", "sim", "não", ""},
		{"Lista Robinson", "Sí", "No", ""},
		{"Dar de baja", "", "No", "Sí"},
		{"Exclusão LGPD", "", "não", "sim"},
		{"Status do contato", "Optou por sair", "Ativo", ""},
		{"Tags", "opt-out|vip, Descadastrado", "vip|ativo", ""},
	} {
		test.try(t)
	}
}

func TestAColumnOfPhonesIsNoAnswer(t *testing.T) {
	tryKinds(t, []kind{
		{"to receive at", "Seu nome;Qual WhatsApp para receber as ofertas?\nAna;11 98765-0001\nBia;11 98765-0002\n", []string{"Ana +5511987650001", "Bia +5511987650002"}},
		{"a name", "Nome no WhatsApp;Celular\nAna;11 98765-0001\n", []string{"Ana +5511987650001"}},
	})
}

func TestColumnsOfMoreExportsAreKnown(t *testing.T) {
	tryKinds(t, []kind{
		{"Google, a company", "First Name,Last Name,Nickname,Organization Name,Phone 1 - Label,Phone 1 - Value\n,,,Padaria Lua,Main,11 98765-0001\nAna,Sá,Nina,ACME,Main,11 98765-0002\n",
			[]string{"Padaria Lua +5511987650001 organization_name=Padaria Lua phone_1_-_label=Main", "Ana Sá +5511987650002 first_name=Ana last_name=Sá nickname=Nina organization_name=ACME phone_1_-_label=Main"}},
		{"nobody but a company", "Nome;Empresa;Fone\n;ACME;11987650001\nsem nome;Beta;11987650002\nCaio;Beta;11987650003\n",
			[]string{"ACME +5511987650001 empresa=ACME", "Beta +5511987650002 empresa=Beta", "Caio +5511987650003 empresa=Beta"}},
		{"the name of who gets the parcel", "Billing Name;Shipping Name;Phone\n;Vó;11987650001\n", []string{"+5511987650001 shipping_name=Vó"}},
		{"Outlook, of an assistant", "First Name,Business Phone,Home Phone,Assistant's Phone\nAna,11 3333-0001,,11 98765-0009\n", []string{"Ana +551133330001 assistant's_phone=11 98765-0009 first_name=Ana"}},
		{"Outlook in Spanish", "Nombre,Segundo nombre,Apellidos,Teléfono móvil,Buscapersonas\nAna,María,Prado,11987650001,11 98765-9999\nAna María,María,Prado,11987650002,\n",
			[]string{"Ana María Prado +5511987650001 apellidos=Prado buscapersonas=11 98765-9999 segundo_nombre=María", "Ana María Prado +5511987650002 apellidos=Prado segundo_nombre=María"}},
		{"a whole name and its parts", "Nome;Segundo nome;Sobrenome;Fone\nAna Maria Prado;Maria;Prado;11987650001\n", []string{"Ana Maria Prado +5511987650001 segundo_nome=Maria sobrenome=Prado"}},
		{"Outlook in Portuguese, mail", "Nome;Endereço de correio eletrônico;Nome para exibição do correio eletrônico;Celular\nAna;a@example.com;Ana (a@example.com);11987650001\n",
			[]string{"Ana +5511987650001 email=a@example.com nome_para_exibicao_do_correio_eletronico=Ana (a@example.com)"}},
		{"no word but which", "Nome;Residencial;Comercial;Celular\nAna;11 3333-0001;11 3333-0002;11 98765-0001\nBia;11 3333-0003;;\n",
			[]string{"Ana +5511987650001,+551133330001,+551133330002", "Bia +551133330003"}},
		{"who sells", "Nome;Comercial;Celular\nAna;Zeca;11 98765-0001\n", []string{"Ana +5511987650001 comercial=Zeca"}},
		{"ids of WhatsApp", "name,wa_id\nAna,5511987650001\n", []string{"Ana +5511987650001"}},
		{"area codes written together", "CODIGO;NOME;DDDCEL;CELULAR;DDDFONE;FONE\n1;Ana;11;987650001;21;33330001\n", []string{"Ana +5511987650001,+552133330001 codigo=1 dddcel=11 dddfone=21"}},
		{"tags of people", "nome,fone,Tags do lead,tag_list,tag de bagagem\nAna,11987650001,vip,novo,x\n", []string{"Ana +5511987650001 #vip#novo tag_de_bagagem=x"}},
	})
	for _, title := range []string{"Cliente/Fornecedor", "NOMCLI", "pushname", "Participant", "Beneficiário", "Assinante", "Condômino", "Inquilino", "Alumno", "Interessado", "Usuário", "Favorecido", "Segurado", "Inscrito", "Doador", "Aluno(a)"} {
		got, bad, _ := summed(t, "Código;"+title+";Telefone\n7;Ana Prado;11 98765-3701\n", Options{})
		if len(got) != 1 || got[0] != "Ana Prado +5511987653701 codigo=7" || len(bad) > 0 {
			t.Errorf("%q: %q, bad %v", title, got, bad)
		}
	}
}

func TestRowsAboveAndBetweenOthers(t *testing.T) {
	ana := []string{"Ana +5511987651801 cidade=Recife"}
	tryKinds(t, []kind{
		{"groups of columns", "Cliente;;Contato;\nApelido;Nome;Telefone;Cidade\nNina;Ana;11 98765-1801;Recife\nBi;Bia;11 98765-1802;Olinda\n",
			[]string{"Ana +5511987651801 apelido=Nina cidade=Recife", "Bia +5511987651802 apelido=Bi cidade=Olinda"}},
		{"lines that are drawn", "| Nome | Telefone | Cidade |\n|------|:--------:|--------|\n| Ana | 11 98765-1801 | Recife |\n", ana},
		{"a database", " Nome | Telefone      | Cidade\n------+---------------+--------\n Ana  | 11 98765-1801 | Recife\n(1 row)\n", ana},
	})
	// The phone of the company, above the columns, is somebody's too.
	got, bad, report := summed(t, "Relação de Clientes;;;\nACME LTDA;CNPJ: 12.345.678/0001-95;Fone: (11) 3333-4444;\nCódigo;Nome;Telefone;Cidade\n;Ana;11 98765-1801;Recife\n", Options{})
	if !slices.Equal(got, ana) || len(bad) != 1 || report.Header != 3 {
		t.Errorf("below the phone of a company: %q, bad %v, header %d", got, bad, report.Header)
	}
}

func TestQuotesThatNoReaderTakesAway(t *testing.T) {
	ana := []string{"Ana +5511987651801 cidade=Recife"}
	tryKinds(t, []kind{
		{"of a text processor", "“Nome”;“Telefone”;“Cidade”\n“Ana”;“11 98765-1801”;“Recife”\n", ana},
		{"single", "'Nome';'Telefone';'Cidade'\n'Ana';'11 98765-1801';'Recife'\n", ana},
		{"of formulas", "\"Nome\";\"Telefone\";\"Cidade\"\n=\"Ana\";=\"11987651801\";=\"Recife\"\n", ana},
		{"behind spaces", "\"Nome\", \"Telefone\", \"Cidade\"\n\"Ana\", \"11 98765-1801\", \"Recife\"\n", ana},
		{"that are of the text", "Nome;Telefone;Cidade\nAna \"Bi\";11 98765-1801;'d'Oeste'\n", []string{"Ana \"Bi\" +5511987651801 cidade='d'Oeste'"}},
		{"of a database", "\"Nome\",\"Telefone\",\"Obs\"\n\"Ana\",\"11 98765-1801\",\"disse \\\"oi\\\", viu\"\n", []string{"Ana +5511987651801 obs=disse \"oi\", viu"}},
	})
}

func TestLettersThatWentAstrayAreMended(t *testing.T) {
	for _, name := range []string{"Concei√ß√£o Jos√©", "Concei├º├úo Jos├®", "Concei├º├úo Jos├⌐", "Concei&ccedil;&atilde;o Jos&#233;", "Conceic\u0327a\u0303o Jose\u0301", "ConceiÃ§Ã£o JosÃ©"} {
		got, _, _ := summed(t, "nome,fone\n"+name+",11987650001\n", Options{})
		if len(got) != 1 || got[0] != "Conceição José +5511987650001" {
			t.Errorf("%q: %q", name, got)
		}
	}
	for _, name := range []string{"Ana & Bia", "A&B; C", "√a", "├── x"} {
		if got, _, _ := summed(t, "nome,fone\n"+name+",11987650001\n", Options{}); len(got) != 1 || got[0] != name+" +5511987650001" {
			t.Errorf("%q: %q", name, got)
		}
	}
	for name, want := range map[string]bool{"Concei??o": true, "Jo?o": true, "Ana?": false, "Ana ? Bia": false} {
		_, _, report := summed(t, "nome;fone\n"+name+";11987650001\n", Options{})
		said := len(report.Notes.Kinds) > 0 && report.Notes.Kinds[0].Example.Reason.Kind() == reason.NoteLetters
		if said != want {
			t.Errorf("%q: said that letters are lost: %v", name, said)
		}
	}
}

func TestMoreValuesThatMeanNothing(t *testing.T) {
	for _, nothing := range []string{"<NA>", "NA", "NaT", "n/i", "N/C", "NULO", "(nulo)", "Vazio", "em branco", "(not set)", "Não se aplica", "not applicable", "No aplica", "sin datos", "não cadastrado", "#¡VALOR!", "#¿NOMBRE?", "#ERROR!", "#SPILL!", "{}", "[]", "''", "null null"} {
		got, bad, _ := summed(t, "nome;fone;cidade\n"+nothing+";11987650001;"+nothing+"\n", Options{})
		if len(got) != 1 || got[0] != "+5511987650001" || len(bad) > 0 {
			t.Errorf("%q: %q, %v", nothing, got, bad)
		}
	}
	for _, nobody := range []string{"(sem nome)", "Desconhecida", "Nome não informado", "não tem", "TBD", "Consumidor Final", "CLIENTE", "Visitante", "xxx", "{{nome}}", "%NOME%", "S/N"} {
		if got, _, _ := summed(t, "nome;fone\n"+nobody+";11987650001\nAna;11987650002\n", Options{}); len(got) != 2 || got[0] != "+5511987650001" {
			t.Errorf("%q: %q", nobody, got)
		}
	}
	for _, somebody := range []string{"Natália", "Vazio Silva", "Nulo de Sá", "Clientela", "Nan Li", "Nádia", "Éva"} {
		if got, _, _ := summed(t, "nome;fone\n"+somebody+";11987650001\n", Options{}); len(got) != 1 || got[0] != somebody+" +5511987650001" {
			t.Errorf("%q: %q", somebody, got)
		}
	}
}

func TestPlaceholdersInThreeLanguages(t *testing.T) {
	for _, nothing := range []string{"S/D", "s/d", "S/I", "s/dados", "s/datos", "Sem info", "sin info", "Sin especificar", "no especificado", "Não especificada", "not specified", "No informado", "no indicado", "not given", "none given", "Sin valor", "no value", "Sin correo"} {
		got, bad, _ := summed(t, "nombre;celular;ciudad\n"+nothing+";+34 612 512 219;"+nothing+"\n", Options{})
		if len(got) != 1 || got[0] != "+34612512219" || len(bad) > 0 {
			t.Errorf("%q: %q, %v", nothing, got, bad)
		}
	}
	for _, nobody := range []string{"NN", "N.N.", "n/n", "Sin nombre", "no tiene"} {
		if got, _, _ := summed(t, "nombre;fono\n"+nobody+";11987650001\nAna;11987650002\n", Options{}); len(got) != 2 || got[0] != "+5511987650001" {
			t.Errorf("%q: %q", nobody, got)
		}
	}
}

func TestADayInAColumnOfWhoHasLeftSaysThatTheyHave(t *testing.T) {
	for _, title := range []string{"Baja de WhatsApp", "Fecha de baja de WhatsApp", "Baja de mensajes", "Baja de la lista", "Baja de promociones", "Saiu do WhatsApp em", "Saiu da lista", "Data de saída da lista", "Fecha de salida de la lista",
		"Descadastro", "Opted Out At", "Unsubscribed on", "Left the list on", "Opt-out date", "Baja"} {
		for _, day := range []string{"12/03/2026", "2026-03-12T10:22:33Z", "12.03.2026 10:22", "12 mar 2026", "12 de março de 2026", "12 de marzo de 2026", "Mar 12, 2026", "46093", "sí", "x"} {
			wants(t, title, day, "LEFT")
		}
		for _, stays := range []string{"", "não", "no", "00/00/0000", "-"} {
			wants(t, title, stays, "")
		}
	}
	wants(t, "Baja de WhatsApp", "quizás en 2026", "DOUBT")
	for _, title := range []string{"Baja de correo", "Baja de SMS", "Saiu da newsletter"} { // of something else
		wants(t, title, "12/03/2026", "DOUBT")
	}
	for _, title := range []string{"Messages left", "Motivo de baja de WhatsApp", "Mensagens de saída", "Salida", "Prioridad baja", "Lista de saída", "Baja del pedido por WhatsApp"} {
		wants(t, title, "12/03/2026", "")
	}
}

func TestFilesThatWereJoinedOrFilledUp(t *testing.T) {
	tryKinds(t, []kind{
		{"tables, each with a mark", "\ufeffNome;Fone\nAna;11987650001\n\ufeffNome;Fone\nBia;11987650002\n\ufeff\"Nome\";\"Fone\"\nCaio;11987650003\n\ufeff", []string{"Ana +5511987650001", "Bia +5511987650002", "Caio +5511987650003"}},
		{"zeros up to the width, and the end of a file of DOS", "NOME;FONE;CIDADE\r\nCELIA" + strings.Repeat("\x00", 20) + ";11987650001\x00\x00\x00;SUZANO\x00 \x00\r\nDARIO     ;11987650002;POA\x00\r\n\x1a",
			[]string{"CELIA +5511987650001 cidade=SUZANO", "DARIO +5511987650002 cidade=POA"}},
		{"with tabs and quotes", "nome\tfone\r\n\"Ana\x00\x00\x00\"\t\"11987650001\x00\"\r\nBia\x00\t11987650002\x1a\x00\x00\x00\x00", []string{"Ana +5511987650001", "Bia +5511987650002"}},
		{"the end of each file", "nome;fone\nAna;11987650001\x1a\n\x1anome;fone\nBia;11987650002\n\x1a\x1a\x1a", []string{"Ana +5511987650001", "Bia +5511987650002"}},
	})
	for _, binary := range []string{"\x00\x00\x00nome;fone\nAna;11987650001\n", "\x7fELF\x02\x01" + strings.Repeat("\x00", 40) + "\n;;", "MZ\x90" + strings.Repeat("\x00\x00\x00\x04", 20)} {
		if _, err := Read(t.Context(), strings.NewReader(binary), Options{}, Sink{Row: func(people.Row) error { return nil }, Bad: func(Bad) error { return nil }}); reason.Of(err).Code != reason.CSVBinary {
			t.Errorf("%q: %v", binary, err)
		}
	}
}

func TestTagsThatAreLinesOfAList(t *testing.T) {
	for _, tags := range []string{"vip\ncliente novo", "• vip\n• cliente novo", "•vip\n•cliente novo", "• vip • cliente novo", "vip • cliente novo", "- vip\n- cliente novo", "– vip\r\n– cliente novo", "* vip\n* cliente novo\n*", "▪ vip\n▪\tcliente novo", "· vip\n\n· cliente novo", "➤ vip\n➤ cliente novo\n•"} {
		got, bad, _ := summed(t, "nome;fone;etiquetas\nAna;11987650001;\""+tags+"\"\n", Options{})
		if len(got) != 1 || got[0] != "Ana +5511987650001 #vip#cliente novo" || len(bad) > 0 {
			t.Errorf("%q: %q, %v", tags, got, bad)
		}
	}
	for _, tag := range []string{"-10%", "> 100 compras", "+ 50 anos", "●VIP●", "★ vip", "☐ retorno"} {
		if got, _, _ := summed(t, "nome;fone;etiquetas\nAna;11987650001;"+tag+"\n", Options{}); len(got) != 1 || got[0] != "Ana +5511987650001 #"+tag {
			t.Errorf("%q: %q", tag, got)
		}
	}
}

func TestTagsOfMoreSystems(t *testing.T) {
	for _, tags := range []string{"#vip#novo", `[{"id":1,"title":"vip"},{"id":2,"title":"novo"}]`, `[{"name":"vip"},{"name":"novo"}]`, "[vip][novo]"} {
		got, bad, _ := summed(t, "nome\ttags\tfone\nAna\t\""+strings.ReplaceAll(tags, `"`, `""`)+"\"\t11987650001\n", Options{})
		if len(got) != 1 || got[0] != "Ana +5511987650001 #vip#novo" || len(bad) > 0 {
			t.Errorf("%q: %q, %v", tags, got, bad)
		}
	}
}

func TestTheNumberOfSomethingElseIsNoPhone(t *testing.T) {
	for _, title := range []string{"CPF", "CPF/CNPJ", "cpf_cliente", "RG", "PIS", "PIS/PASEP", "NIS", "NIT", "CEP", "Pedido", "Nº do pedido", "NumeroPedido", "numeropedido", "Matrícula", "CNH", "Título eleitoral", "Cartão SUS",
		"Order", "Order number", "Invoice No.", "Tracking number", "Account", "SSN", "Passport", "Passaporte", "Pasaporte", "DNI", "RUT", "CURP", "RUC", "Cédula", "Número de factura", "Orden", "Expediente", "Protocolo", "Contrato",
		"C.P.F.", "D.N.I.", "N.I.F.", "Documento do comprador", "Buyer document", "N.º de venda", "Número de venta", "Sale no."} {
		for _, file := range []string{
			"Nome;" + title + ";Cidade\nAna;11987654321;Recife\nBia;21987654321;Olinda\n",
			title + ",Nome,E-mail\n11987654321,Ana,a@example.com\n21987654321,Bia,b@example.com\n",
			title + "\n11987654321\n21987654321\n",
		} {
			_, err := Read(t.Context(), strings.NewReader(file), Options{}, Sink{
				Row: func(r people.Row) error { t.Errorf("%s: %s is a phone", title, r.Phone); return nil },
				Bad: func(b Bad) error { t.Errorf("%s: %v", title, b.Reason); return nil },
			})
			if why, ok := reason.Find(err); !ok || why.Code != reason.CSVNoPhones || !strings.Contains(err.Error(), title) {
				t.Errorf("%s: %v", title, err)
			}
		}
		got, bad, _ := summed(t, "Nome;"+title+";Celular\nAna;11987654321;11 98765-0001\nBia;21987654321;\n", Options{})
		if len(got) != 1 || !strings.HasPrefix(got[0], "Ana +5511987650001 ") || len(bad) != 1 {
			t.Errorf("%s: %q, bad %v", title, got, bad)
		}
	}
	for _, title := range []string{"Recepção", "Contato", "Número", "Zap", "Quem chamar"} {
		got, bad, _ := summed(t, "Nome;"+title+"\nAna;11987650001\nBia;21987650002\n", Options{})
		if !slices.Equal(got, []string{"Ana +5511987650001", "Bia +5521987650002"}) || len(bad) > 0 {
			t.Errorf("%s: %q, bad %v", title, got, bad)
		}
	}
}

// With another mark between the cells its rows would be a text, and the CPFs phones.
func TestAReportWithoutPhonesHasNobodyHoweverItIsTakenApart(t *testing.T) {
	for _, file := range []string{
		"Vendas BR;;;;;;;\nEstado das suas vendas em 12 de abril às 10:05 hs.;;;;;;;\n;;;;;;;\nN.º de venda;Data da venda;Estado;Total (BRL);Comprador;CPF;Estado;CEP\n" +
			"2000007998412345;11 de abril 21:14 hs.;Entregue;119,9;Solange Prates;11987412233;São Paulo;01310-100\n2000007998419871;11 de abril 22:02 hs.;A caminho;59,9;Igor Leme;21996401182;Rio;20040-002\n",
		"Ventas\nTotal\tComprador\tDNI\n119,9\tAna\t11987412233\n59,9\tRui\t21996401182\n",
		"Sales report\nTotal;Buyer;Document\n\"1,119.90\";Ana;11987412233\n59,9;Rui;21996401182\n",
		"Comprador;CPF\n\"Luz, Ana\";11987412233\nSol, Rui;21996401182\n",
		"Produto|Comprador|CPF/CNPJ\nmesa, 4 lugares|Ana|11987412233\ncama, casal|Rui|21996401182\n",
	} {
		_, err := Read(t.Context(), strings.NewReader(file), Options{}, Sink{
			Row: func(r people.Row) error { t.Errorf("%.20s: %s is a phone", file, r.Phone); return nil },
			Bad: func(b Bad) error { t.Errorf("%.20s: %v", file, b.Reason); return nil },
		})
		if why, ok := reason.Find(err); !ok || why.Code != reason.CSVNoPhones || !strings.Contains(err.Error(), "omprador") && !strings.Contains(err.Error(), "Buyer") {
			t.Errorf("%.20s: %v", file, err)
		}
	}
	tryKinds(t, []kind{
		{"whose other cells have the commas of a report",
			"pedido|cpf|obs|contato\n1473514811|031.560.142-82|azul, verde, rosa, ligar 1086800422|(11) 98778-1505\n1847635698|259.988.535-21|azul, verde, rosa, ligar 948115368|(11) 97444-1545\n",
			[]string{"+5511987781505 cpf=031.560.142-82 obs=azul, verde, rosa, ligar 1086800422 pedido=1473514811", "+5511974441545 cpf=259.988.535-21 obs=azul, verde, rosa, ligar 948115368 pedido=1847635698"}},
		{"with phones", "Relatório\nTotal;Comprador;CPF;Fone\n119,9;Ana;11987412233;11 98765-0001\n", []string{"Ana +5511987650001 cpf=11987412233 total=119,9"}},
	})
}

func TestNumbersOfACPFAreNoPhonesUnlessTheirTitleSaysSo(t *testing.T) {
	tryKinds(t, []kind{
		{"beside phones", "Ana Luz;11987654374;(11) 98765-5021\nRui Sol;21987654382;(11) 98765-5022\n", []string{"Ana Luz +5511987655021 coluna_2=11987654374", "Rui Sol +5511987655022 coluna_2=21987654382"}},
		{"one beside a phone", "Ana Luz;11987654374;+5511987655021\n", []string{"Ana Luz +5511987655021 coluna_2=11987654374"}},
		{"said to be phones", "Nome;Celular\nAna;11987654374\nRui;21987654382\n", []string{"Ana +5511987654374", "Rui +5521987654382"}},
		{"as one phone of a hundred", "Ana;11987654374\nRui;21987650002\n", []string{"Ana +5511987654374", "Rui +5521987650002"}},
		{"a single one", "Ana;11987654374\n", []string{"Ana +5511987654374"}},
	})
	for _, file := range []string{"Ana;11987654374\nRui;21987654382\nBia;31991234570\n", "Nome;Reg. geral\nAna;11987654374\nRui;21987654382\nBia;31991234570\n"} {
		_, err := Read(t.Context(), strings.NewReader(file), Options{}, nothing)
		if why, ok := reason.Find(err); !ok || why.Code != reason.CSVNoPhones {
			t.Errorf("%q: %v", file, err)
		}
	}
	_, err := Read(t.Context(), strings.NewReader("Ana;11987654374\nRui;21987654382\n"), Options{Map: []Mapping{{As: "telefone", Title: "#2"}}}, nothing)
	if err != nil {
		t.Errorf("a person says that they are phones: %v", err)
	}
}

func TestWhoSaysNeitherYesNorNoIsAskedAbout(t *testing.T) {
	for _, test := range []answered{
		{"Autoriza mensagens?", "Não quero receber|Não quero mais receber mensagens|Não autorizo|Não, obrigado.|nunca|☐|Recuso|[ ]", "Autorizo|Sim, claro|autorizado em 02/01/2026|SIM!", "talvez|sim, mas só por e-mail|não sei|ainda não|depende|pendente"},
		{"Opt-in WhatsApp", "Descadastrado|☐|❌|⬜|( )|Não quero", "☑|✅|[x]|WhatsApp|double opt-in|Opted in|1718000000|2026-01-02T10:00:00Z|45123", "parou|saiu|pending|opt-in cancelado"},
		{"Aceita receber comunicações?", "pediu para sair|não_aceito|Não concordo|nao!!|N.", "SIM|Aceito|Li e aceito|Eu concordo|Com certeza|ok|De acordo|sim_aceito", "NÃO - pediu p/ sair"},
		{"Desea recibir novedades", "no quiero recibir|no|No, gracias|No deseo", "si|Sí, acepto|De acuerdo|quiero", "quizás"},
		{"Do you agree to receive messages?", "do not contact|no|No thanks|Don't|never|declined|I do not agree", "Yes|I agree|yes please|Accepted|Agreed on 5 Jan 2026", "maybe|yes but only email"},
		{"Quero receber promoções", "Não quero", "Quero", "talvez"},
		{"Concorda com o contato por WhatsApp", "Discordo|não", "Concordo", ""},
		{"Envia WhatsApp?", "", "Sim", "Não"},
		// The other way round.
		{"Não autoriza contato", "X|Sim|1|sim, desde maio|☑|02/01/2026", "não|0|☐|", "Não autoriza|Recusou|talvez"},
		{"Não aceita mensagens", "S", "N", ""},
		{"Bloquear envio", "1|sim", "0|não|Liberado", "alguns"},
		{"Bloqueio de mensagens", "Sim", "Não|Nenhum|Sem bloqueio", ""},
		{"Recusa comunicação", "Sim", "Não", ""},
		{"Cadastro Não Me Perturbe (Procon)", "Sim", "Não", ""},
		{"Suspender disparos", "x", "não", ""},
		{"Parou de receber", "x", "não", ""},
		{"Refuses contact", "yes", "no", ""},
		{"Block messages", "TRUE", "FALSE", ""},
		{"Muted messages", "1", "0", ""},
		{"Does not want messages", "yes", "no", ""},
		{"Objects to marketing", "yes", "no", ""},
		{"Rechaza comunicaciones", "sí", "no", ""},
		{"Bloqueo de mensajes", "Sí", "No", ""},
		{"No acepta publicidad", "Sí", "No", ""},
		{"No contactar", "X", "no", ""},
		// Words of a state.
		{"Status do contato", "saiu da lista|Descadastrou|unsubscribed|Optó por salir|pediu descadastro|se dio de baja", "Ativo|novo|cliente|OK", "Cancelou inscrição|Inscrição cancelada|Recusado|Parou de receber|bloqueou"},
		{"Situação", "Opt-out", "Cancelada|Pago", "Cancelou a inscrição"},
		{"Status do pedido", "", "Cancelada|Cancelado|Recusado|Devolvido|Inscrição cancelada", ""},
		{"Order status", "", "Cancelled|Refused", ""},
		// Something else is asked.
		{"Qual o melhor horário para receber contato?", "", "Manhã|não sei|Noite", ""},
		{"Bloqueio do cartão", "", "Sim", ""},
		{"Aceita cartão?", "", "não", ""},
		{"Mensagem a enviar", "", "Olá, Ana! Não perca a nossa feira de inverno: é neste sábado, das 9h às 18h.", ""},
		{"Receive messages", "", "yes", "no"},
		{"Does not receive messages", "yes", "no", ""},
		{"Motivo da recusa de contato", "", "sem interesse", ""},
	} {
		test.try(t)
	}
	// Where nobody says yes or no something else was asked.
	got, _, _ := summed(t, "nome;fone;Quero informações sobre\nAna;11987650001;casa\nBia;11987650002;terreno\nCaio;11987650003;casa\n", Options{})
	if len(got) != 3 || strings.Contains(strings.Join(got, ""), "DOUBT") {
		t.Errorf("about what: %q", got)
	}
}

// Whoever was asked whether they may be written to, and said no, has said it.
func TestAClearNoToWhoAsksForLeaveIsAnOptOut(t *testing.T) {
	const noes = "não|n|no|NO|false|FALSE|0|☐|[ ]|❌|Não aceito|não autorizo|NÃO QUERO RECEBER|No acepto|no deseo recibir mensajes|negado|Negada|recusado|Revogado em 03/02/2024|revogado|denied|revoked|Revoked on 3 Feb 2024|rechazado|withdrawn|declined|Eu não aceito|Não, obrigada|Não - não quero|No thanks"
	for _, title := range []string{
		"Você aceita receber nossas novidades pelo WhatsApp?", "AllowBroadcast", "ALLOWBROADCAST", "Aceita WhatsApp", "aceitawhatsapp", "Opt-in WhatsApp", "Opt-in", "optin", "optinwhatsapp", "opt_in", "OptIn", "Aceita receber mensagens?", "Consentimento LGPD", "Consentimento",
		"Consentimiento", "Consent", "Consent status", "Aceite", "LGPD", "Aceite LGPD", "Autorização LGPD", "Consentimento (S/N)", "Opt-in do cliente", "whatsapp_opt_in", "WhatsApp consent", "whatsapp_optin", "Autoriza contato?",
		"¿Acepta recibir novedades por WhatsApp?", "¿Desea recibir ofertas?", "Acepta mensajes", "Autoriza mensajes de WhatsApp", "Permiso para contactar", "Do you want to receive our offers?", "Accepts messages", "Opted in to messages",
		"May we contact you?", "I agree to receive news", "Opt-in SMS/WhatsApp", "Aceita novidades por e-mail e WhatsApp", "Deseja receber informações?", "Gostaria de receber promoções da Casa Sol?", "WhatsApp Marketing Consent", "Permite comunicação",
	} {
		for no := range strings.SplitSeq(noes, "|") {
			wants(t, title, no, "LEFT")
		}
		for _, yes := range []string{"sim", "Yes", "TRUE", "☑", "aceito", "Concedido em 10/01/2023", "02/01/2026", ""} {
			wants(t, title, yes, "")
		}
		// Perhaps they mean something else, or nobody knows.
		for _, unclear := range []string{"não sei", "talvez", "não por e-mail", "Não, só SMS", "não quero ligações", "not yet", "no answer", "não respondeu", "não quero perder", "não me importo", "Não, mas aceito", "não, pode enviar", "never_subscribed",
			"☐ Sim", "☐ Não", "não/sim", "n/s", "sem resposta", "inativo", "pendente", "Revogado em 2023, concedido em 2024", "nenhum", "no?", "não pediu para sair"} {
			wants(t, title, unclear, "DOUBT")
		}
	}
	// Another way to be reached, or another matter.
	for _, title := range []string{
		"Accepts SMS Marketing", "AllowSMS", "Opt-in SMS", "Aceita contato por telefone", "Autoriza ligações e mensagens de voz", "Acepta llamadas", "Consentimento de uso de imagem", "Consentimento para tratamento de dados", "Cookie consent",
		"Aceita ofertas de parceiros", "Double opt-in", "Tem consentimento", "Has opted in", "Opt-in pendente", "Autorizado", "Subscribed", "Marketing", "Accepts Marketing", "Receive messages", "Enviar WhatsApp?", "Autoriza contato com familiares",
	} {
		wants(t, title, "não", "DOUBT")
		wants(t, title, "sim", "")
	}
	for _, title := range []string{"Aceita cartão", "Recebe em casa", "Aceita os termos", "Aceita novidades por e-mail", "Email opt-in"} {
		wants(t, title, "não", "")
	}
	// The other way round: a no is good news.
	for _, title := range []string{"Consentimento revogado", "Consent withdrawn", "Opt-in cancelado", "Sem consentimento", "Sin consentimiento", "Opt-in recusado"} {
		wants(t, title, "não", "")
		wants(t, title, "sim", "DOUBT")
	}
	// Who says what is asked says what becomes of it.
	for as, want := range map[string]string{"optin": "LEFT", "optin?": "DOUBT"} {
		got, _, _ := summed(t, "nome;fone;x\nAna;11987650001;não\n", Options{Map: []Mapping{{As: as, Title: "x"}}})
		if len(got) != 1 || !strings.HasSuffix(got[0], want) {
			t.Errorf("%s: %q", as, got)
		}
	}
}

// wants reports what is not understood of one answer under a title.
func wants(t *testing.T, title, value, want string) {
	t.Helper()
	got, bad, _ := summed(t, "nome;fone;"+strconv.Quote(title)+"\nAna;11987650001;\""+value+"\"\n", Options{})
	says := ""
	if len(got) == 1 && (strings.HasSuffix(got[0], " LEFT") || strings.HasSuffix(got[0], " DOUBT")) {
		says = got[0][strings.LastIndexByte(got[0], ' ')+1:]
	}
	if len(got) != 1 || says != want || len(bad) > 0 {
		t.Errorf("%s: %q: got %q, bad %v; want %q", title, value, got, bad, want)
	}
}

func TestColumnsOfWhoIsNotToBeDisturbed(t *testing.T) {
	for _, test := range []struct{ titles, left, stays, asked string }{
		{"DND|dnd|isDND|DND status|DND WhatsApp|Do not disturb|do_not_disturb|Não perturbe|Não perturbar|No molestar|No perturbar|Blacklist|Blacklisted|Lista negra|DNC|DNC list|Do not WhatsApp|Do not broadcast|Do not market|Suppression list|Lista de supressão|Lista de exclusión",
			"true|1|yes|sim|Sí|x|02/01/2026", "false|0|no|não|", "perhaps"},
		{"DND|DND status|Blacklist", "", "", "active|Ativo|permanent"},
		{"DND Email|DND SMS|DND Calls", "", "false|0|não", "true|sim"},
		{"Bloqueado|Blocked|Bloqueada|Suppressed|Suprimido|Bounced|Complained|Bounced/complained|is_bounced|Excluded|Banido|Banned|Spam complaint|Reported as spam|Denunciou|Se quejó|Revogado|Rebotado|Bounce|Spam|Complaint|Email complained",
			"", "false|0|no|não|", "true|1|yes|sim"},
		{"Complaint|Reclamação|Queja|Spam", "", "produto atrasado", ""},
		{"Email bounced|Reclamou do pedido|Devolvido|DND reason|DND hours|Bounce reason", "", "true|22h", ""},
	} {
		for title := range strings.SplitSeq(test.titles, "|") {
			for want, values := range map[string]string{"LEFT": test.left, "": test.stays, "DOUBT": test.asked} {
				for value := range strings.SplitSeq(values, "|") {
					if values != "" {
						wants(t, title, value, want)
					}
				}
			}
		}
	}
	wants(t, "Status WhatsApp", "Cancelou inscrição", "LEFT")
	wants(t, "Status das mensagens", "Parou de receber", "LEFT")
	wants(t, "Status WhatsApp", "Recusado", "DOUBT")
}

func TestThePhoneOfSomebodyElseIsNotTheirs(t *testing.T) {
	for _, title := range []string{"Telefone do vendedor", "Telefone da loja", "WhatsApp da loja", "Telefone do médico", "Celular do corretor", "Fone entregador", "Sales Rep Phone", "Telefone de quem indicou", "Telefone indicação",
		"Celular do gerente", "Telefone do representante", "Emergency contact phone", "Emergency contact - mobile", "Telefone do contato de emergência", "Contato de emergência (celular)", "Teléfono del vendedor", "Celular del repartidor",
		"Teléfono de emergencia", "Driver phone", "Store phone", "Doctor's phone", "Referrer phone", "Telefone da escola", "Teléfono de la tienda"} {
		for _, own := range []string{"Telefone do cliente", "Celular do paciente", "Customer Phone", "Celular", "Telefone", "WhatsApp"} {
			for _, order := range []string{title + ";" + own, own + ";" + title} {
				cell := func(phone string) string {
					if strings.HasPrefix(order, title) {
						return "11 98765-3200;" + phone
					}
					return phone + ";11 98765-3200"
				}
				got, bad, _ := summed(t, "Nome;"+order+"\nAna;"+cell("11 98765-3221")+"\nRui;"+cell("11 98765-3222")+"\nBia;"+cell("")+"\n", Options{})
				field := " " + FieldName(title) + "=11 98765-3200"
				if !slices.Equal(got, []string{"Ana +5511987653221" + field, "Rui +5511987653222" + field}) || len(bad) != 1 {
					t.Errorf("%s: %q, bad %v", order, got, bad)
				}
			}
		}
		// Alone it is all that there is.
		got, bad, _ := summed(t, "Nome;"+title+"\nAna;11 98765-3221\n", Options{})
		if !slices.Equal(got, []string{"Ana +5511987653221"}) || len(bad) > 0 {
			t.Errorf("%s alone: %q, bad %v", title, got, bad)
		}
	}
	tryKinds(t, []kind{
		{"an owner beside a customer", "Owner Phone,Customer,Customer Phone\n11 98765-3200,Ana,11 98765-3251\n", []string{"Ana +5511987653251 owner_phone=11 98765-3200"}},
		{"an owner", "Proprietário;Celular do proprietário;Telefone\nAna;11 98765-3251;11 3333-3251\n", []string{"Ana +5511987653251,+551133333251"}},
		{"an owner of the deal", "First Name,Phone Number,Contact owner,Contact owner phone\nAna,11 98765-3251,Zé,11 98765-3200\n", []string{"Ana +5511987653251 contact_owner=Zé contact_owner_phone=11 98765-3200 first_name=Ana"}},
		{"a partner", "Nome;Celular;Telefone do parceiro\nAna;11 98765-3251;11 98765-3200\n", []string{"Ana +5511987653251 telefone_do_parceiro=11 98765-3200"}},
		{"a landlord", "Locador;Telefone do locador;Inquilino;Telefone do inquilino\nZé;11 98765-3200;Ana;11 98765-3251\n", []string{"Ana +5511987653251 locador=Zé telefone_do_locador=11 98765-3200"}},
		{"a document beside a contact", "Nome;CPF;Contato\nAna;11987654321;11 98765-3251\n", []string{"Ana +5511987653251 cpf=11987654321"}},
		{"a supplier", "Fornecedor;Tel. Fornecedor;Contato;Tel. Contato\nAço SA;11 3222-4080;Ana;11 98765-4081\n", []string{"Ana +5511987654081 fornecedor=Aço SA tel._fornecedor=11 3222-4080"}},
		{"who is named by nobody", "Vendedor;Telefone do vendedor;Nome;Falar com\nZé;11 98765-3200;Ana;11 98765-3221\n", []string{"Ana +5511987653221 telefone_do_vendedor=11 98765-3200 vendedor=Zé"}},
		{"names of others", "Paciente;Nome do contato de emergência;Nome do médico;Celular\nAna;Bia;Caio;11 98765-3221\n;Bia;Caio;11 98765-3222\n",
			[]string{"Ana +5511987653221 nome_do_contato_de_emergencia=Bia nome_do_medico=Caio", "+5511987653222 nome_do_contato_de_emergencia=Bia nome_do_medico=Caio"}},
	})
}

func TestTheNameIsOfWhomThePhoneIs(t *testing.T) {
	tryKinds(t, []kind{
		{"of the responsible", "Nome do aluno;Turma;Nome do responsável;Telefone do responsável\nPedro;3A;Ana Prado;11 98765-0022\n", []string{"Ana Prado +5511987650022 nome_do_aluno=Pedro turma=3A"}},
		{"of who pays", "Aluno;Responsável financeiro;Celular do responsável financeiro\nPedro;Ana;11 98765-0022\n", []string{"Ana +5511987650022 aluno=Pedro"}},
		{"beside a name", "Nome;Responsável;Telefone do responsável\nPedro;Ana;11 98765-0022\n", []string{"Ana +5511987650022 nome=Pedro"}},
		{"of the pupil", "Aluno;Celular do aluno;Responsável;Celular do responsável\nPedro;11 98765-0022;Ana;11 98765-0023\n", []string{"Pedro +5511987650022 celular_do_responsavel=11 98765-0023 responsavel=Ana"}},
		{"of the contact", "Empresa;Cliente;Contato;Telefone contato\nACME;Aço SA;Ana;11 98765-0022\n", []string{"Ana +5511987650022 cliente=Aço SA empresa=ACME"}},
		{"of an animal's", "Nome do pet;Espécie;Tutor;Celular\nRex;Cão;Ana;11 98765-0022\n", []string{"Ana +5511987650022 especie=Cão nome_do_pet=Rex"}},
		{"of who sold", "Nome;Proprietário;Fone\nAna;Zé;11 98765-0022\n;Zé;11 98765-0023\n", []string{"Ana +5511987650022 proprietario=Zé", "+5511987650023 proprietario=Zé"}},
		{"two last names", "Nombre;Primer apellido;Segundo apellido;Fone\nAna;García;López;11 98765-0022\nEva;García;;11 98765-0023\n", []string{"Ana García López +5511987650022 primer_apellido=García segundo_apellido=López", "Eva García +5511987650023 primer_apellido=García"}},
		{"of both parents", "Apellido materno;Apellido paterno;Nombre;Fone\nLópez;García;Ana;11 98765-0022\n", []string{"Ana García López +5511987650022 apellido_materno=López apellido_paterno=García"}},
		{"numbered", "Nombres;Apellido 1;Apellido 2;Fone\nAna;García;López;11 98765-0022\n", []string{"Ana García López +5511987650022 apellido_1=García apellido_2=López"}},
		{"a whole name beside them", "Nombre;Primer apellido;Segundo apellido;Fone\nAna García López;García;López;11 98765-0022\n", []string{"Ana García López +5511987650022 primer_apellido=García segundo_apellido=López"}},
		{"among phones", "Nome;Celular;Cidade\n11 98765-4031;11 98765-4031;SP\nAna;11 98765-4032;SP\n🌹;11 98765-4033;SP\n", []string{"+5511987654031 cidade=SP", "Ana +5511987654032 cidade=SP", "🌹 +5511987654033 cidade=SP"}},
		{"phones alone", "Nome;Cidade\n11 98765-4031;SP\n", []string{"+5511987654031 cidade=SP"}},
	})
	for _, title := range []string{"Proprietário", "Locatário", "Inquilino", "Inquilino(a)", "Tutor", "Noivo(a)", "Eleitor", "Owner", "Propietario", "Arrendatario", "Tenant", "Passageiro", "Responsável legal", "Pagador"} {
		got, bad, _ := summed(t, title+";Cidade;Celular\nAna Luz;São Paulo;11 98765-4341\n", Options{})
		if len(got) != 1 || got[0] != "Ana Luz +5511987654341 cidade=São Paulo" || len(bad) > 0 {
			t.Errorf("%s: %q, bad %v", title, got, bad)
		}
	}
}

func TestTwoPeopleInARowHaveTheirOwnNamesAndPhones(t *testing.T) {
	tryKinds(t, []kind{
		{"bride and groom", "Noiva;Celular da noiva;Noivo;Celular do noivo;Local\nJúlia Rocha;(19) 98115-0001;Bruno Teles;(19) 98115-0002;Holambra\nLara;;Otávio;(19) 98115-0003;Itu\nEva;(19) 98115-0004;Ivo;não tem;Itu\n",
			[]string{"Júlia Rocha +5519981150001 celular_do_noivo=(19) 98115-0002 local=Holambra noivo=Bruno Teles", "Bruno Teles +5519981150002 celular_da_noiva=(19) 98115-0001 local=Holambra noiva=Júlia Rocha",
				"Otávio +5519981150003 local=Itu noiva=Lara", "Eva +5519981150004 celular_do_noivo=não tem local=Itu noivo=Ivo"}},
		{"in Spanish", "Nombre del novio;Teléfono del novio;Nombre de la novia;Teléfono de la novia\nIvo;11 98765-0001;Eva;11 98765-0002\n",
			[]string{"Eva +5511987650002 nombre_del_novio=Ivo telefono_del_novio=11 98765-0001", "Ivo +5511987650001 nombre_de_la_novia=Eva telefono_de_la_novia=11 98765-0002"}},
		{"in English", "Bride,Bride's phone,Bride's email,Groom,Groom's phone,Groom's email\nEva,11 98765-0002,e@example.com,Ivo,11 98765-0001,i@example.com\n",
			[]string{"Eva +5511987650002 email=e@example.com groom=Ivo groom's_email=i@example.com groom's_phone=11 98765-0001", "Ivo +5511987650001 bride=Eva bride's_email=e@example.com bride's_phone=11 98765-0002 email=i@example.com"}},
		{"husband and wife", "Marido;Celular do marido;Esposa;Celular da esposa;Tags\nIvo;11 98765-0001;Eva;11 98765-0002;vip\n",
			[]string{"Eva +5511987650002 #vip celular_do_marido=11 98765-0001 marido=Ivo", "Ivo +5511987650001 #vip celular_da_esposa=11 98765-0002 esposa=Eva"}},
		{"area codes", "Noiva;DDD noiva;Fone noiva;Noivo;DDD noivo;Fone noivo\nEva;19;98115-0001;Ivo;21;98115-0002\n",
			[]string{"Eva +5519981150001 ddd_noiva=19 ddd_noivo=21 fone_noivo=98115-0002 noivo=Ivo", "Ivo +5521981150002 ddd_noiva=19 ddd_noivo=21 fone_noiva=98115-0001 noiva=Eva"}},
		{"one phone for both", "Noiva;Fone noiva;Noivo;Fone noivo\nEva;11 98765-0001;Ivo;11 98765-0001\n", []string{"Eva +5511987650001 fone_noivo=11 98765-0001 noivo=Ivo"}},
		{"who leaves", "Noiva;Fone noiva;Noivo;Fone noivo;Opt-out\nEva;11 98765-0001;Ivo;11 98765-0002;sim\n",
			[]string{"Eva +5511987650001 fone_noivo=11 98765-0002 noivo=Ivo opt-out=sim LEFT", "Ivo +5511987650002 fone_noiva=11 98765-0001 noiva=Eva opt-out=sim LEFT"}},
		{"who leaves, together", "Noiva;Fone noiva;Noivo;Fone noivo;Opt-out (noiva e noivo)\nEva;11 98765-0001;Ivo;11 98765-0002;sim\n",
			[]string{"Eva +5511987650001 fone_noivo=11 98765-0002 noivo=Ivo opt-out__noiva_e_noivo=sim LEFT", "Ivo +5511987650002 fone_noiva=11 98765-0001 noiva=Eva opt-out__noiva_e_noivo=sim LEFT"}},
		{"who leaves, of a couple", "Noiva;Fone noiva;Noivo;Fone noivo;Opt-out dos noivos\nEva;11 98765-0001;Ivo;11 98765-0002;sim\n",
			[]string{"Eva +5511987650001 fone_noivo=11 98765-0002 noivo=Ivo opt-out_dos_noivos=sim LEFT", "Ivo +5511987650002 fone_noiva=11 98765-0001 noiva=Eva opt-out_dos_noivos=sim LEFT"}},
		{"who leaves, with one phone for both", "Noiva;Fone noiva;Noivo;Fone noivo;Opt-out do noivo\nEva;11 98765-0001;Ivo;11 98765-0001;sim\n",
			[]string{"Eva +5511987650001 fone_noivo=11 98765-0001 noivo=Ivo opt-out_do_noivo=sim LEFT"}},
		{"a planner's phone", "Noiva;Fone noiva;Noivo;Fone noivo;Fone do assessor\nEva;11 98765-0001;Ivo;;11 98765-0009\n", []string{"Eva +5511987650001 fone_do_assessor=11 98765-0009 noivo=Ivo"}},
		// Somebody stands before the other.
		{"of a customer", "Nome;Celular;Esposa;Celular da esposa\nIvo;11 98765-0001;Eva;11 98765-0002\n", []string{"Ivo +5511987650001 celular_da_esposa=11 98765-0002 esposa=Eva"}},
		{"one phone column", "Noiva;Noivo;Celular do noivo\nEva;Ivo;11 98765-0001\n", []string{"Ivo +5511987650001 noiva=Eva"}},
	})
	_, bad, report := summed(t, "Noiva;Fone noiva;Noivo;Fone noivo\nEva;11 98765-0001;Ivo;11 98765-0002\nLara;;Otávio;\n", Options{})
	if len(bad) != 1 || len(report.Notes.Kinds) > 0 {
		t.Errorf("nobody has a phone: bad %v, notes %v", bad, report.Notes.Kinds)
	}
	got, bad, _ := summed(t, "Noiva;Fone noiva;Noivo;Fone noivo;Tags\nEva;11 98765-0001;Ivo;1198765;vip\nAna;11 98765-0002;Rui;11 98765-0003;"+strings.Repeat("x", 200)+"\n", Options{})
	if len(got) != 1 || len(bad) != 2 || bad[0].Line != 2 || bad[1].Line != 3 {
		t.Errorf("one of two phones is short, and a row is wrong: %q, bad %v", got, bad)
	}
	for i, role := range []Role{NameRole, PhoneRole, NameRole, PhoneRole} {
		if c := report.Columns[i]; c.Role != role || c.Filled == 0 || len(c.First) != 2 {
			t.Errorf("column %d: %+v", i, c)
		}
	}
	// Who says what a column is says whom the rows are of.
	got, _, _ = summed(t, "Noiva;Fone noiva;Noivo;Fone noivo\nEva;11 98765-0001;Ivo;11 98765-0002\n", Options{Map: []Mapping{{As: "nome", Title: "Noivo"}}})
	if len(got) != 1 || !strings.HasPrefix(got[0], "Ivo ") {
		t.Errorf("mapped: %q", got)
	}
	got, _, _ = summed(t, "Noiva;Fone noiva;Noivo;Fone noivo;Local\nEva;11 98765-0001;Ivo;11 98765-0002;Itu\n", Options{Map: []Mapping{{As: "tags", Title: "Local"}}})
	if len(got) != 2 || !strings.HasPrefix(got[0], "Eva +5511987650001 #Itu") || !strings.HasPrefix(got[1], "Ivo +5511987650002 #Itu") {
		t.Errorf("another column mapped: %q", got)
	}
}

func TestTagsInColumnsOfTheirOwn(t *testing.T) {
	tryKinds(t, []kind{
		{"numbered", "Nome;Celular;Tag 1;Tag 2\nAna;11 98765-2121;vip;sp\nRui;11 98765-2122;;sp\n", []string{"Ana +5511987652121 #vip#sp", "Rui +5511987652122 #sp"}},
		{"in Spanish", "Nombre;Celular;Etiqueta1;Etiqueta2\nAna;11 98765-2121;vip;sp\n", []string{"Ana +5511987652121 #vip#sp"}},
	})
}

func TestLinesAndBlocksOfTextGiveNames(t *testing.T) {
	luz, sol := "Ana Luz +5511987652461", "Rui Sol +5511987652462"
	tryKinds(t, []kind{
		{"numbered", "1. Ana Luz 11 98765-2461\n2. Rui Sol 11 98765-2462\n", []string{luz, sol}},
		{"numbered otherwise", "01) Ana Luz 11 98765-2461\n02 - Rui Sol: (11) 98765-2462\n", []string{luz, sol}},
		{"with a dash", "Ana Luz - 11 98765-2461\nRui Sol – (11)98765-2462\nhilda - 11987652463\n", []string{luz, sol, "hilda +5511987652463"}},
		{"behind the phone", "11 98765-2461 Ana Luz\n+55 11 98765-2462 (Rui Sol)\n", []string{luz, sol}},
		{"with dots", "• Ana Luz 11 98765-2461\n* Rui Sol 11 98765-2462\n", []string{luz, sol}},
		{"with other signs", "Ana Luz = 11987652461\nRui Sol → (11) 98765-2462\nhilda => 11987652463\nDra. Eva / 11 98765-2464\nIvo Jr. ..... 11 98765-2465\n", []string{luz, sol, "hilda +5511987652463", "Dra. Eva +5511987652464", "Ivo Jr. +5511987652465"}},
		{"as in mail", "Destinatário\nAna Luz <11987652461>\n\"\"\"Rui Sol\"\" <+55 11 98765-2462>\"\n", []string{luz, sol}},
		{"as in mail, with a link", "Ana Luz <tel:+5511987652461>\nRui Sol <whatsapp://send?phone=5511987652462>\n", []string{luz, sol}},
		{"with a link", "Ana Luz https://wa.me/5511987652461\nRui Sol - wa.me/5511987652462?text=Oi%20Rui%2C%20pedido%2011987650000\nhilda: https://api.whatsapp.com/send/?phone=5511987652463&text&type=phone_number&app_absent=0\n", []string{luz, sol, "hilda +5511987652463"}},
		{"with a link to a message", "Ana Luz https://wa.me/5511987652461?text=Oi Ana Rui 11 98765-0000\n" + "Rui Sol wa.me/5511987652462?text=" + strings.Repeat("x", 300) + "\n", []string{luz, sol}},
		{"behind a link", "https://wa.me/5511987652461 Ana Luz\nhttps://wa.me/5511987652462?text=Oi Eva Sol\n", []string{luz, "+5511987652462"}},
		{"links of a text", "- [Ana Luz](https://wa.me/5511987652461)\n- [Rui Sol](https://web.whatsapp.com/send?phone=5511987652462)\n", []string{luz, sol}},
		{"sentences", "Meu zap 11 98765-2461\nligar para Ana 11 98765-2462\nCasa: 11 3333-0001\nanotado 11 98765-2463\n", []string{"+5511987652461", "+5511987652462", "+551133330001", "+5511987652463"}},
		{"phones alone", "11 98765-2461\n1. 11 98765-2462\n", []string{"+5511987652461", "+5511987652462"}},
		{"under a title", "Telefone\n11 98765-2461 (Mãe)\n", []string{"+5511987652461"}},
		{"a report", "NOME          TELEFONE         CIDADE\nANA LUZ       (11) 98765-2461  OSASCO\n", []string{"ANA LUZ +5511987652461"}},
		{"blocks", "Nome: Ana Luz\nTelefone: (11) 98765-2461\n\nNome: Rui Sol\nTelefone: (11) 98765-2462\n", []string{luz, sol}},
		{"blocks with nothing between", "Nome: Ana Luz\nTelefone: (11) 98765-2461\nNome: Rui Sol\nTelefone: (11) 98765-2462", []string{luz, sol}},
		{"blocks of many lines", "----\n*Name:* Ana Luz\n*Phone:* 11 98765-2461\n*Phone:* 11 3333-0001\n*City:* Recife\n\n----\n*Name:* Rui Sol\n\n*City:* Olinda\n*Phone:* 11 98765-2462\n",
			[]string{luz + ",+551133330001 city=Recife", sol + " city=Olinda"}},
		{"one block", "Nombre: Ana Luz\nCelular: 11 98765-2461\nNotas: primera\n", []string{luz + " notas=primera"}},
		{"a block without a name", "Nome: Ana Luz\nTelefone: 11 98765-2461\n\nTelefone: 11 98765-2462\n", []string{luz, "+5511987652462"}},
	})
	got, bad, _ := summed(t, "Nome: Ana Luz\n\nNome: Rui Sol\nTelefone: 11 98765-2462\n", Options{})
	if !slices.Equal(got, []string{sol}) || len(bad) != 1 {
		t.Errorf("a block without a phone: %q, bad %v", got, bad)
	}
}

func TestALinkWithoutAPhoneIsNobodys(t *testing.T) {
	got, bad, _ := summed(t, "Ana https://wa.me/5511987650001\nBia https://wa.me/5511987650002\nLoja https://wa.me/message/4X7ABCD1234EF1\nGrupo https://chat.whatsapp.com/FbT0x9Kq2LmAbCdEf12345\n", Options{})
	if !slices.Equal(got, []string{"Ana +5511987650001", "Bia +5511987650002"}) || len(bad) != 2 {
		t.Errorf("%q, bad %v", got, bad)
	}
}

func TestAddressesOfWhatsAppArePhonesIfTheyHaveThem(t *testing.T) {
	rows := "5511987650001@s.whatsapp.net;Ana\n5511987650002@c.us;Bia\n5511987650003:23@s.whatsapp.net;Caio\n"
	nobody := "186590214778953@lid;Lia\n5511987650009@lid;Téo\n186590214778953:4@lid;Lia\n120363041234567890@g.us;Grupo\n5511987650008-1612345678@g.us;Antigo\n120363199999999999@newsletter;Canal\nstatus@broadcast;Status\n"
	for _, title := range []string{"id", "chat_id", "jid", "Chat", "Identificador", "remoteJid"} {
		for _, file := range []string{rows + nobody, nobody + rows} {
			got, bad, _ := summed(t, title+";name\n"+file, Options{})
			if !slices.Equal(got, []string{"Ana +5511987650001", "Bia +5511987650002", "Caio +5511987650003"}) || len(bad) != 7 {
				t.Errorf("%s: %q, bad %v", title, got, bad)
			}
		}
	}
	if got, bad, _ := summed(t, "5511987650001@c.us\n120363041234567890@g.us\n", Options{}); !slices.Equal(got, []string{"+5511987650001"}) || len(bad) != 1 {
		t.Errorf("a list of them: %q, bad %v", got, bad)
	}
	_, err := Read(t.Context(), strings.NewReader("id;name\n"+nobody), Options{}, nothing)
	if why, ok := reason.Find(err); !ok || why.Code != reason.CSVNoPhones {
		t.Errorf("nobody: %v", err)
	}
}

// The names at the head of a group are of other people than the phones.
func TestTheHeadOfAGroupIsPhonesWithoutNames(t *testing.T) {
	for _, line := range []string{
		"Ana, Bia Sá, Tio Zé, +55 11 98765-0001, +55 21 98765-0002, +55 31 98765-0003, Você",
		"Ana, +55 11 98765-0001, +55 21 98765-0002, +55 31 98765-0003, Tú",
		"Ana, Bia, +55 11 98765-0001, +55 21 98765-0002, +55 31 98765-0003, You",
		"+55 11 98765-0001, +55 21 98765-0002, +55 31 98765-0003, Você\n",
	} {
		got, bad, _ := summed(t, line, Options{})
		if !slices.Equal(got, []string{"+5511987650001", "+5521987650002", "+5531987650003"}) || len(bad) > 0 {
			t.Errorf("%s: %q, bad %v", line, got, bad)
		}
	}
	tryKinds(t, []kind{
		{"one phone", "Ana, Bia, +55 11 98765-0001, Você\n", []string{"+5511987650001"}},
		{"of two groups", "Ana, Bia Sá, +55 11 98765-0001, +55 11 98765-0002, Você\nEva, +55 11 98765-0003, Rui, Você\n", []string{"+5511987650001", "+5511987650002", "+5511987650003"}},
		{"who knows them", "Ana Luz;11987654321;descadastrado;Você\nBia Luz;11987654322;ativo;Rui\n", []string{"Ana Luz +5511987654321 coluna_3=descadastrado coluna_4=Você LEFT", "Bia Luz +5511987654322 coluna_3=ativo coluna_4=Rui"}},
		{"who is called so", "Ana;11 98765-0001\nTu;11 98765-0002\n", []string{"Ana +5511987650001", "Tu +5511987650002"}},
		{"somebody and their phones", "Ana Luz, +55 11 98765-0001, +55 11 98765-0002, Recife\n", []string{"Ana Luz +5511987650001,+5511987650002 coluna_4=Recife"}},
	})
}

func TestTheChatOfAGroupIsRefusedHoweverFewWroteInIt(t *testing.T) {
	for _, chat := range []string{
		"12/03/2026 10:22 - As mensagens são protegidas.\n12/03/2026 10:25 - +55 11 98765-0001: Bom dia\n12/03/2026 10:26 - +55 21 98765-0002: Bom dia\n12/03/2026 10:40 - Tia Lu: ok\n",
		"12/03/2026 10:22 - +55 11 98765-0001 criou o grupo \"Pais: 3º B\"\n12/03/2026 10:25 - +55 11 98765-0001: Bom dia\n",
		"12/3/26, 10:22 p. m. - Creaste el grupo \"Vecinos\"\n12/3/26, 10:24 p. m. - +34 612 48 09 59: Hola\n",
		"3/12/26, 10:22 AM - +1 (786) 423-9209 joined using this group's invite link\n3/12/26, 10:25 AM - +1 (786) 423-9209: Hi\n",
		"[3/12/26, 10:22:33\u202fAM] Bible Study: \u200eMessages are end-to-end encrypted.\n[3/12/26, 10:23:01\u202fAM] \u202a+1 (786) 423-9209\u202c: \u200e\u202a+1 (786) 423-9209\u202c joined using this group's invite link\n",
		"[12/03/26, 10:22:33] Pais: \u200e+55 11 98765-0001 adicionou você\n[12/03/26, 10:25:00] +55 11 98765-0001: oi\n",
	} {
		_, err := Read(t.Context(), strings.NewReader(chat), Options{}, Sink{
			Row: func(r people.Row) error { t.Errorf("%.60q: %s", chat, r.Phone); return nil },
			Bad: func(b Bad) error { t.Errorf("%.60q: %v", chat, b.Reason); return nil },
		})
		if why, ok := reason.Find(err); !ok || why.Code != reason.ImportGroup {
			t.Errorf("%.60q: %v", chat, err)
		}
	}
	tryKinds(t, []kind{
		{"who writes of a group", "12/03/2026 10:25 - +55 11 98765-0001: quem criou o grupo: você?\n12/03/2026 10:26 - Loja: saiu do grupo\n", []string{"+5511987650001"}},
		{"who sends a file", "[12/03/26, 10:25:00] +55 11 98765-0001: \u200e<attached: 0001-grupo.jpg>\n", []string{"+5511987650001"}},
	})
}

func TestNobodyInTheFirstRowsIsLost(t *testing.T) {
	tryKinds(t, []kind{
		{"without a name", "Nome;Celular\n;11 98765-3421\n11 98765-3422;11 98765-3422\n🌹;11 98765-3423\n", []string{"+5511987653421", "+5511987653422", "🌹 +5511987653423"}},
		{"no titles, without a name", ";11 98765-3421\nAna;11 98765-3422\nBia;11 98765-3423\n", []string{"+5511987653421", "Ana +5511987653422", "Bia +5511987653423"}},
		{"a line from a group", "+55 11 98765-0067, +55 11 98765-0068, +55 11 98765-0069\n", []string{"+5511987650067", "+5511987650068", "+5511987650069"}},
		{"a line with semicolons", "11987650067;11987650068", []string{"+5511987650067", "+5511987650068"}},
		{"a line of somebody", "Ana,11 98765-0067,11 98765-0068\n", []string{"Ana +5511987650067,+5511987650068"}},
		{"lines of some", "11 98765-0067,11 98765-0068\n11 98765-0069,11 98765-0070\n", []string{"+5511987650067,+5511987650068", "+5511987650069,+5511987650070"}},
	})
}

func TestTheCountryOfANationalNumberMayStandBesideIt(t *testing.T) {
	tryKinds(t, []kind{
		{"names", "Nombre,País,Teléfono\nAna,Brasil,11 98765-2041\nInês,Portugal,912 345 204\nJuan,Argentina,+54 9 11 2345 2042\nCaio,,11 98765-2043\n",
			[]string{"Ana +5511987652041 pais=Brasil", "Inês +351912345204 pais=Portugal", "Juan +5491123452042 pais=Argentina", "Caio +5511987652043"}},
		{"letters", "Nome;Código do país;Telefone\nAna;BR;11 98765-3491\nInês;PT;912 345 349\n", []string{"Ana +5511987653491 codigo_do_pais=BR", "Inês +351912345349 codigo_do_pais=PT"}},
		{"codes", "Nome;Código do país;Telefone\nAna;55;11 98765-3491\nInês;351;912 345 349\n", []string{"Ana +5511987653491 codigo_do_pais=55", "Inês +351912345349 codigo_do_pais=351"}},
		{"who lives elsewhere", "Nome;País;Telefone\nAna;Portugal;11 98765-3491\nEva;Spain;612 345 248\n", []string{"Ana +5511987653491 pais=Portugal", "Eva +34612345248 pais=Spain"}},
		{"parents", "Nome;Pais;Telefone\nAna;Eva e Rui;11 98765-3491\n", []string{"Ana +5511987653491 pais=Eva e Rui"}},
		{"a number of a country", "Nome;País;Telefone\nAna;1;11 98765-3491\nEva;2;11 98765-3492\n", []string{"Ana +5511987653491 pais=1", "Eva +5511987653492 pais=2"}},
		{"beside its code", "Nome;País;DDI;Telefone\nInês;Brasil;351;912 345 349\n", []string{"Inês +351912345349 ddi=351 pais=Brasil"}},
	})
}

func TestTheNumberOfAHouseIsNoPhone(t *testing.T) {
	tryKinds(t, []kind{
		{"beside a phone", "Nome;Endereço;Número;Celular\nAna;Rua A;21987654321;11 98765-3491\n", []string{"Ana +5511987653491 endereco=Rua A numero=21987654321"}},
	})
}

func TestTheBoxBesideAnAnswerSaysOnlyThatItWasChosen(t *testing.T) {
	for _, title := range []string{"Opt-in WhatsApp", "Aceita receber mensagens?", "Consentimento"} {
		for _, no := range []string{"☒ Não", "☑ Não", "✔ Não", "✔️ não", "✅ Não", "[x] Não", "(X) Não", "Não [x]", "[✓] Não aceito", "❌ Não", "☑ Não, obrigado", "☐", "[ ]", "( )"} {
			wants(t, title, no, "LEFT")
		}
		for _, yes := range []string{"☑ Sim", "☑", "☒", "[x]", "(x)", "[X] Sim", "✔️", "Sim ✅", "👍 ok", "☑ 02/01/2026", "[✔] aceito"} {
			wants(t, title, yes, "")
		}
		for _, unclear := range []string{"[ ] Sim", "( ) Sim", "☐ Sim", "Sim ( )", "[ ] Não", "☐ Não", "[x] Sim [ ] Não", "☑ Sim ☐ Não", "( ) Sim (x) Não", "👍 Não", "❌ Sim", "☑ talvez", "☑ só e-mail", "[x]?", "☐ Descadastrado", "○ Sim", "○ Sim ● Não", "○"} {
			wants(t, title, unclear, "DOUBT")
		}
	}
	for title, no := range map[string]string{"Opt-out": "", "Saiu da lista": "", "Accepts SMS Marketing": "DOUBT"} {
		for _, value := range []string{"☒ Não", "☑ Não", "✔ Não", "[x] Não"} {
			wants(t, title, value, no)
		}
	}
	for _, title := range []string{"Opt-out", "Saiu da lista", "Não contatar"} {
		for _, value := range []string{"☑ Sim", "☑", "[x]", "[x] sim", "✔ opt-out"} {
			wants(t, title, value, "LEFT")
		}
		for _, value := range []string{"[ ] Sim", "( ) Sim", "☐ Sim", "[x] Sim [ ] Não", "❌ Sim", "☐ Descadastrado"} {
			wants(t, title, value, "DOUBT")
		}
		for _, value := range []string{"☐", "[ ]", "❌", "❌ Não"} {
			wants(t, title, value, "")
		}
	}
	// Boxes are answers, also where all of them are asked about.
	got, _, _ := summed(t, "nome;fone;Aceita mensagens?\nAna;11987650001;[ ] Sim\nBia;11987650002;☐ Sim\nCaio;11987650003;( ) Sim\n", Options{})
	if len(got) != 3 || strings.Count(strings.Join(got, "|"), "DOUBT") != 3 {
		t.Errorf("a column of boxes: %q", got)
	}
}

func TestANoThatGoesOnIsNoClearNo(t *testing.T) {
	for _, title := range []string{"Opt-in WhatsApp", "Aceita receber mensagens?", "LGPD"} {
		for _, unclear := range []string{"No WhatsApp", "No Zap", "no wpp", "No contato", "No meu WhatsApp", "Não, no WhatsApp", "Não li e aceito", "Eu não li e aceito", "No I like messages", "No, I like messages", "não e quero receber", "No y quiero recibir", "Não obrigado aceito",
			"Não contatado", "Não contatada", "not contacted", "no contactado"} {
			wants(t, title, unclear, "DOUBT")
		}
		for _, no := range []string{"Não", "No", "Não aceito", "Não quero ser contatado", "I do not want to be contacted", "no quiero recibir mensajes", "Não quero receber mensagens e promoções", "Não, obrigado", "No messages", "Não WhatsApp", "I do not agree"} {
			wants(t, title, no, "LEFT")
		}
	}
}

func TestATitleThatDeniesThatSomethingWasRefused(t *testing.T) {
	for _, title := range []string{"Consentimento não revogado", "Consentimento WhatsApp não revogado", "Não recusou contato", "Não foi revogado o consentimento", "Consentimiento no revocado", "Consent not withdrawn", "Opt-in não cancelado", "Não bloqueado", "Did not refuse contact", "Não cancelou inscrição", "Não é bloqueado", "Nenhuma recusa de contato", "Hasn't refused contact", "Sem bloqueio de mensagens"} {
		wants(t, title, "sim", "")
		for _, asked := range []string{"não", "revogado", "talvez", "☐"} {
			wants(t, title, asked, "DOUBT")
		}
	}
	for _, title := range []string{"Opt-in (sim) / recusado (não)", "Opt-in WhatsApp (sim) / recusado (não)", "Consentimento: sim ou revogado", "Consent (yes) / refused (no)", "Aceita contato (sim) / recusa (não)", "Consentimento revogado ou não", "Opt-in (S) / recusado (N)", "Opt-in: 1, recusado: 0", "Consent (true) / refused (false)"} {
		for _, value := range []string{"sim", "não", "x", "0", "recusado"} {
			wants(t, title, value, "DOUBT")
		}
		wants(t, title, "", "")
	}
	for _, title := range []string{"Recusou contato", "Recusou contato (sim/não)", "Bloqueio de mensagens", "Não autoriza contato", "Bloqueado (não enviar)"} {
		wants(t, title, "sim", "LEFT")
		wants(t, title, "não", "")
	}
	wants(t, "Consentimento revogado (S/N)", "S", "DOUBT")
	wants(t, "Consentimento revogado (S/N)", "N", "")
	for _, title := range []string{"Pedido não cancelado", "Saldo não bloqueado"} {
		wants(t, title, "sim", "")
		wants(t, title, "não", "")
	}
}

func TestOnlyWhatWhatsAppWritesMakesAChatAGroups(t *testing.T) {
	one := []string{"+5511987650001"}
	tryKinds(t, []kind{
		{"a file, iPhone", "[12/03/26, 10:25:00] +55 11 98765-0001: oi\n\u200e[12/03/26, 10:26:00] Ana: \u200eAta saiu do grupo.pdf • \u200e2 páginas \u200edocumento omitido\n", one},
		{"a file of one mark", "[12/03/26, 10:25:00] +55 11 98765-0001: \u200eAta saiu do grupo.pdf documento omitido\n", one},
		{"a file in English", "[12/03/26, 10:25:00] +55 11 98765-0001: \u200eWho left the group.pdf document omitted\n", one},
		{"attached", "[12/03/26, 10:25:00] +55 11 98765-0001: \u200e<anexado: 0001-saiu do grupo.jpg>\n", one},
		{"their own words", "[12/03/26, 10:25:00] +55 11 98765-0001: Ana saiu do grupo\n[12/03/26, 10:26:00] Loja: \u200eimagem omitida\n", one},
		{"a file, Android", "12/03/2026 10:25 - +55 11 98765-0001: Ata saiu do grupo.pdf (arquivo anexado)\n", one},
		{"somebody's name", "12/03/2026 10:25 - +55 11 98765-0001: oi\n12/03/2026 10:26 - Criou Grupo Eventos: olá\n", one},
		{"somebody's name, iPhone", "[12/03/26, 10:25:00] +55 11 98765-0001: oi\n[12/03/26, 10:26:00] Criou Grupo Eventos: \u200eimagem omitida\n", one},
	})
	for _, news := range []string{
		"12/03/2026 10:25 - Ana saiu do grupo\n", "12/03/2026 10:25 - Ana mudou o nome do grupo de \"Pais: 3º B\" para \"Pais: 4º B\"\n", "12/03/2026 10:25 - Ana criou o grupo “Pais: 3º B”\n",
		"[12/03/26, 10:25:00] Pais: \u200eAna saiu do grupo\n", "[12/03/26, 10:25:00] \u200eAna saiu do grupo\n",
	} {
		_, err := Read(t.Context(), strings.NewReader("12/03/2026 10:25 - +55 11 98765-0001: oi\n"+news), Options{}, Sink{Row: func(people.Row) error { return nil }, Bad: func(Bad) error { return nil }})
		if why, ok := reason.Find(err); !ok || why.Code != reason.ImportGroup {
			t.Errorf("%q: %v", news, err)
		}
	}
}

// answered is a column of answers: which of them, parted by bars, opt somebody out,
// which say nothing, and which are asked about.
type answered struct{ title, left, stays, asked string }

func (a answered) try(t *testing.T) {
	t.Helper()
	for want, values := range map[string]string{"LEFT": a.left, "": a.stays, "DOUBT": a.asked} {
		for value := range strings.SplitSeq(values, "|") {
			if value == "" {
				continue
			}
			got, bad, _ := summed(t, "nome;fone;"+strconv.Quote(a.title)+"\nAna;11987650001;\""+value+"\"\n", Options{})
			says := ""
			if len(got) == 1 && (strings.HasSuffix(got[0], "LEFT") || strings.HasSuffix(got[0], "DOUBT")) {
				says = got[0][strings.LastIndexByte(got[0], ' ')+1:]
			}
			if len(got) != 1 || says != want || len(bad) > 0 {
				t.Errorf("%s: %q: got %q, bad %v; want %q", a.title, value, got, bad, want)
			}
		}
	}
}
