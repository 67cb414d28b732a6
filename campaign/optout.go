package campaign

// IsOptOut reports whether a text asks not to be written to again.
func IsOptOut(text string) (word string, ok bool) {
	switch f := Fold(text); f {
	case "sair", "pare", "parar", "cancelar", "remover", "descadastrar", "stop":
		return f, true
	}
	return "", false
}
