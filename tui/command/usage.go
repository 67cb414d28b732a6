package command

import (
	"regexp"

	"recado/campaign/reason"
)

// The library that reads the command line words its errors in English alone:
// these are how they look, and what they are in the catalogue.
var misuses = []struct {
	looks *regexp.Regexp
	id    string
}{
	{regexp.MustCompile(`(?s)^unknown command (.*) for (.*)\n\nDid you mean this\?\n\t(\S*)\s*$`), "mistake_command_similar"},
	{regexp.MustCompile(`^unknown command (.*) for (.*)$`), "mistake_command"},
	{regexp.MustCompile(`^unknown flag: (.*)$`), "mistake_flag"},
	{regexp.MustCompile(`^unknown shorthand flag: (.*) in (.*)$`), "mistake_shorthand"},
	{regexp.MustCompile(`^flag needs an argument: (.*)$`), "mistake_flag_empty"},
	{regexp.MustCompile(`^invalid argument (.*) for (.*) flag: (.*)$`), "mistake_flag_value"},
	{regexp.MustCompile(`^accepts (.*) arg\(s\), received (.*)$`), "mistake_arguments"},
}

// misuse says what is wrong with a command line.
func (c *call) misuse(err error) string {
	for _, m := range misuses {
		if found := m.looks.FindStringSubmatch(err.Error()); found != nil {
			var args []any
			for i, text := range found[1:] {
				args = append(args, string(rune('A'+i)), text)
			}
			return c.tongue.T(m.id, args...)
		}
	}
	if _, ok := reason.Find(err); ok {
		return c.why(err)
	}
	return err.Error()
}
