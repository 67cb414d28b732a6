// Package command is the program without screens: every command that a script
// can give, as plain text or JSON.
//
// Begin reading at [Main]. A command is parsed where it was typed; what needs
// the book goes through [call.withOwner], which finds the owner or becomes it
// (owner.go, package host). There the same command tree runs against the live
// parts, writing to the caller (hand.go).
//
// Data goes to standard output, words to standard error. Words are Portuguese
// unless the environment asks for English; data and JSON are the same in every
// language. The exit codes are [ExitOK] and the others beside it.
package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"recado/tui/host"
	"recado/tui/words"
)

// The exit codes.
const (
	ExitOK          = 0   // done
	ExitFailed      = 1   // tried and failed; standard error says why
	ExitUsage       = 2   // the command line makes no sense
	ExitNotFound    = 3   // no such campaign, number or contact
	ExitRefused     = 4   // not allowed in this state, or it needs a confirmation that was not given
	ExitInUse       = 5   // another process owns the data directory and cannot take the command
	ExitInterrupted = 130 // interrupted before it was done
)

// Env is where a command runs: its arguments, the working directory, the
// environment and the three streams of whoever gave it, and how to open the
// parts of a data directory.
type Env struct {
	Args   []string // without the program's name
	Dir    string   // the working directory, absolute
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	Open   func(host.Opening) (*host.Parts, error)
	Files  []File // the databases of a data directory
}

// Main runs the command that env holds and returns the exit code. It returns
// when ctx ends, after what has begun is safe: a message on the wire is waited
// for.
func Main(ctx context.Context, env Env) int {
	c := &call{
		env:    env,
		tongue: tongue{words.For(words.Environment(env.Getenv))},
		seen: terminals{
			In:  isTerminal(env.Stdin),
			Out: isTerminal(env.Stdout),
			Err: isTerminal(env.Stderr),
		},
	}
	return c.execute(ctx)
}

// call is one command being run: for a person at this process, or for another
// process that handed it over.
type call struct {
	env    Env
	tongue tongue
	seen   terminals
	owner  *owner // where it was handed to; nil in the process that was given the command
	again  bool   // the owner could not keep it: the other side has to try again

	stopped <-chan struct{} // closed when the command is interrupted
	page    *bufio.Writer   // what gathers a long list; nil: nothing does

	data string // --data
	json bool   // --json
}

// terminals says which of the streams are a person's terminal.
type terminals struct{ In, Out, Err bool }

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// failure is an error that knows its exit code. Its text is in the language of
// whoever gave the command.
type failure struct {
	code int
	text string
	err  error
}

func (f *failure) Error() string {
	if f.text == "" {
		return f.err.Error()
	}
	return f.text
}

func (f *failure) Unwrap() error { return f.err }

// fail makes a failure with a text in both languages.
func (c *call) fail(code int, pt, en string, args ...any) error {
	return &failure{code: code, text: fmt.Sprintf(c.tongue.say(pt, en), args...)}
}

// execute parses the arguments, runs the command and reports an error.
func (c *call) execute(ctx context.Context) int {
	c.stopped = ctx.Done()
	root := c.root()
	root.SetArgs(c.env.Args)
	root.SetIn(c.env.Stdin)
	root.SetOut(c.env.Stdout)
	root.SetErr(c.env.Stderr)
	run := root.ExecuteContext
	if c.owner == nil && c.env.Stdout == os.Stdout && c.asksHelp() {
		// It writes to the process's own standard output and asks the terminal
		// for its colours, so it is left to help and the manual page alone.
		run = func(ctx context.Context) error {
			return fang.Execute(ctx, root, fang.WithoutVersion(),
				fang.WithErrorHandler(func(io.Writer, fang.Styles, error) {}))
		}
	}
	err := run(ctx)
	if err == nil {
		return ExitOK
	}
	if errors.Is(err, host.ErrAgain) {
		c.again = true
		return ExitFailed
	}
	if handed := (*handedExit)(nil); errors.As(err, &handed) {
		return handed.code // whoever ran it has said all there is to say
	}
	if f := (*failure)(nil); errors.As(err, &f) {
		c.words("recado: %s\n", err)
		return f.code
	}
	c.words("recado: %s\n", c.misuse(err))
	c.words("%s\n", c.tongue.say("Veja recado --help.", "See recado --help."))
	return ExitUsage
}

// asksHelp reports whether the arguments ask for styled help, or for the
// manual page that is made from the same texts.
func (c *call) asksHelp() bool {
	for i, arg := range c.env.Args {
		switch {
		case arg == "--":
			return false
		case i == 0 && arg == "man":
			return true
		case arg == "-h", arg == "--help", i == 0 && arg == "help":
			return c.seen.Out && c.tongue.english() // its headings are English
		}
	}
	return false
}

// root builds the tree of commands for this call.
func (c *call) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "recado",
		Short:         c.tongue.say("Campanhas de WhatsApp pelo terminal", "WhatsApp campaigns from a terminal"),
		Long:          c.tongue.say(longPT, longEN),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
	}
	version := root.Flags().Bool("version", false, c.tongue.say("a versão, como recado version", "the version, as recado version"))
	root.RunE = c.run(func(ctx context.Context, _ []string) error {
		if *version {
			return c.version()
		}
		return c.screens(ctx)
	})
	root.PersistentFlags().StringVar(&c.data, "data", "", c.tongue.say(
		"`DIR` dos dados (ou RECADO_DATA; senão $XDG_DATA_HOME/recado)",
		"data `DIR` (or RECADO_DATA; else $XDG_DATA_HOME/recado)"))
	root.PersistentFlags().BoolP("help", "h", false, c.tongue.say("esta ajuda", "this help"))
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		c.demoCommand(), c.linkCommand(), c.numbersCommand(), c.contactsCommand(), c.listsCommand(),
		c.campaignCommand(), c.runCommand(), c.checkCommand(), c.examineCommand(), c.simulateCommand(), c.versionCommand(),
	)
	root.SetUsageTemplate(c.tongue.usage(root.UsageTemplate()))
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "help" {
			cmd.Short = c.tongue.say("A ajuda de um comando", "Help about any command")
			cmd.Hidden = true
		}
	}
	if !c.tongue.english() {
		ownOptions(root)
	}
	return root
}

// ownOptions writes what may follow a command in Portuguese.
func ownOptions(cmd *cobra.Command) {
	cmd.DisableFlagsInUseLine = true
	cmd.Use += " [opções]"
	for _, sub := range cmd.Commands() {
		ownOptions(sub)
	}
}

const longPT = `Recado envia campanhas de WhatsApp a partir do terminal: vincula números,
reúne contatos, escreve a mensagem e envia devagar. Sem argumentos abre as
telas; "recado demo" mostra tudo num WhatsApp simulado.

O WhatsApp proíbe mensagens em massa a quem não as pediu, e o número corre risco.

Códigos de saída: 0 feito, 1 falhou, 2 uso errado, 3 não existe, 4 recusado ou
falta confirmação, 5 em uso por outro processo, 130 interrompido.`

const longEN = `Recado sends WhatsApp campaigns from a terminal: it links numbers, gathers
contacts, and sends what you write, slowly. Without arguments it opens the
screens; "recado demo" shows everything on a simulated WhatsApp.

WhatsApp forbids bulk messages to people who did not agree, and the number is
at risk.

Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 refused or needs
confirmation, 5 in use by another process, 130 interrupted.`

// run adapts a function to cobra. Errors that it returns are failures of the
// command, never of its usage.
func (c *call) run(do func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := do(cmd.Context(), args)
		if err == nil {
			return nil
		}
		return c.explain(err)
	}
}

// group makes a command that only holds others.
func (c *call) group(use, pt, en string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: c.tongue.say(pt, en), Args: cobra.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var names []string
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		return fmt.Errorf(c.tongue.say("falta dizer o quê: recado %s %s", "say what: recado %s %s"), use, strings.Join(names, "|"))
	}
	cmd.AddCommand(commands...)
	return cmd
}

// jsonFlag gives a command its --json.
func (c *call) jsonFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&c.json, "json", false, c.tongue.say("um objeto JSON por linha", "one JSON object a line"))
	return cmd
}

// dataDir is the data directory that the command speaks of, absolute.
func (c *call) dataDir() (string, error) {
	dir := c.data
	if dir == "" {
		dir = c.env.Getenv("RECADO_DATA")
	}
	if dir == "" {
		var err error
		if dir, err = c.usualDir(); err != nil {
			return "", err
		}
	}
	return c.path(dir), nil
}

// usualDir is the data directory of who names none.
func (c *call) usualDir() (string, error) {
	home := c.env.Getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(home) { // the standard says to ignore a relative one
		user := c.env.Getenv("HOME")
		if user == "" {
			return "", c.fail(ExitFailed,
				"não sei onde guardar os dados: use --data DIR ou defina HOME",
				"no place for the data: give --data DIR or set HOME")
		}
		home = filepath.Join(user, ".local", "share")
	}
	return filepath.Join(home, "recado"), nil
}

// path makes a path that was typed absolute.
func (c *call) path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(c.env.Dir, name)
}
