package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Help and mistakes on the command line, in the caller's language: the
// library's own are English.

// noArgs refuses any argument. What was meant is a command, most likely.
func (c *call) noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		return errors.New(c.t("usage_unknown_command_like", "Command", args[0], "Like", strings.Join(like, ", ")))
	}
	return errors.New(c.t("usage_unknown_command", "Command", args[0]))
}

// exactArgs takes n arguments.
func (c *call) exactArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return errors.New(c.t("usage_arguments", "Want", n, "Got", len(args), "Line", useLine(cmd)))
	}
}

// leastArgs takes n arguments or more.
func (c *call) leastArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= n {
			return nil
		}
		return errors.New(c.t("usage_arguments_least", "Want", n, "Got", len(args), "Line", useLine(cmd)))
	}
}

// flagMistake says what is wrong with the options.
func (c *call) flagMistake(_ *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var value *pflag.InvalidValueError
	var syntax *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown):
		return errors.New(c.t("usage_unknown_flag", "Flag", dashed(unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames())))
	case errors.As(err, &empty):
		return errors.New(c.t("usage_flag_empty", "Flag", dashed(empty.GetSpecifiedName(), empty.GetSpecifiedShortnames())))
	case errors.As(err, &value):
		return errors.New(c.t("usage_flag_value", "Flag", "--"+value.GetFlag().Name, "Value", value.GetValue()))
	case errors.As(err, &syntax):
		return errors.New(c.t("usage_unknown_flag", "Flag", syntax.GetSpecifiedFlag()))
	}
	return err
}

// dashed is an option as it was typed: by its name, or among letters.
func dashed(name, letters string) string {
	if letters != "" {
		return "-" + letters
	}
	return "--" + name
}

// useLine is a command as it is typed, without options: the library writes them
// in English.
func useLine(cmd *cobra.Command) string {
	cmd.DisableFlagsInUseLine = true
	return cmd.UseLine()
}

// usage writes how a command is used.
func (c *call) usage(cmd *cobra.Command) error {
	var b strings.Builder
	heading := func(text string) { fmt.Fprintf(&b, "%s\n", text) }
	heading(c.t("usage"))
	if cmd.Runnable() {
		fmt.Fprintf(&b, "  %s %s\n", useLine(cmd), c.t("usage_flags"))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s %s\n", cmd.CommandPath(), c.t("usage_command"))
	}
	if cmd.HasExample() {
		heading("\n" + c.t("usage_examples"))
		heading(cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		heading("\n" + c.t("usage_commands"))
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	if cmd.HasAvailableLocalFlags() {
		heading("\n" + c.t("usage_options"))
		b.WriteString(c.flagUsages(cmd.LocalFlags()))
	}
	if cmd.HasAvailableInheritedFlags() {
		heading("\n" + c.t("usage_global_options"))
		b.WriteString(c.flagUsages(cmd.InheritedFlags()))
	}
	if cmd.HasAvailableSubCommands() {
		heading("\n" + c.t("usage_more", "Command", cmd.CommandPath()))
	}
	return c.print(b.String())
}

// flagUsages lists options as the library does.
func (c *call) flagUsages(flags *pflag.FlagSet) string {
	type line struct{ option, text string }
	var lines []line
	widest := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		option := "      --" + f.Name
		if f.Shorthand != "" {
			option = "  -" + f.Shorthand + ", --" + f.Name
		}
		name, text := pflag.UnquoteUsage(f)
		if name != "" {
			option += " " + name
		}
		switch f.DefValue {
		case "", "0", "0s", "[]", "false":
		default:
			text += " " + c.t("usage_default", "Value", f.DefValue)
		}
		lines = append(lines, line{option, text})
		widest = max(widest, len([]rune(option)))
	})
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%-*s   %s\n", widest, l.option, l.text)
	}
	return b.String()
}

// helpCommand is `recado help`, which is not listed: --help does the same.
func (c *call) helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:    "help " + c.t("usage_command"),
		Short:  c.t("cmd_help"),
		Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return errors.New(c.t("usage_unknown_command", "Command", strings.Join(args, " ")))
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// completions gives the library's commands for shells texts in the caller's
// language.
func (c *call) completions(root *cobra.Command) {
	root.CompletionOptions.HiddenDefaultCmd = true
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Short, cmd.Long = c.t("cmd_completion"), ""
		for _, shell := range cmd.Commands() {
			shell.Short, shell.Long = c.t("cmd_completion_shell", "Shell", shell.Name()), ""
			shell.Args = c.noArgs
			if f := shell.Flags().Lookup("no-descriptions"); f != nil {
				f.Usage = c.t("flag_completion_plain")
			}
		}
	}
}
