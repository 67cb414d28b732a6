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
	"io"
	"os"
	"os/exec"
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
	ExitRefused     = 4   // not allowed in this state, or it needs a confirmation that was not given; of an import: some rows were not imported
	ExitInUse       = 5   // another process owns the data directory and cannot take the command
	ExitInterrupted = 130 // interrupted before it was done
)

// Env is where a command runs: its arguments, the working directory, the
// environment and the three streams of its caller, and how to open the
// parts of a data directory.
type Env struct {
	Args   []string // without the program's name
	Dir    string   // the working directory, absolute
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	// Environ is the whole environment, of which an owner is told what says which
	// terminal it is; nil: nothing.
	Environ []string
	// Exec makes this program with other arguments; nil where it cannot be run.
	Exec  func(args ...string) (*exec.Cmd, error)
	Open  func(host.Opening) (*host.Parts, error)
	Files []File // the databases of a data directory
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
	user   string // who gave it, if it was handed to this process
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
// the caller.
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

// fail makes a failure that the text id explains.
func (c *call) fail(code int, id string, args ...any) error {
	return &failure{code: code, text: c.t(id, args...)}
}

// execute parses the arguments, runs the command and reports an error.
func (c *call) execute(ctx context.Context) int {
	c.stopped = ctx.Done()
	root := c.root()
	root.SetArgs(filterWords(c.env.Args))
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
		return handed.code // the process that ran it has said all there is to say
	}
	c.words("recado: %s\n", err)
	if f := (*failure)(nil); errors.As(err, &f) {
		return f.code
	}
	c.words("%s\n", c.t("see_help"))
	return ExitUsage
}

// styledUsage is a heading of the styled help. The library has the headings in
// English alone, so it is for people who are spoken to like that.
const styledUsage = "Usage:"

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
			return c.seen.Out && c.t("usage") == styledUsage
		}
	}
	return false
}

// root builds the tree of commands for this call.
func (c *call) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "recado",
		Short:         c.t("cmd_recado"),
		Long:          c.t("cmd_recado_long"),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          c.noArgs,
	}
	version := root.Flags().Bool("version", false, c.t("flag_version"))
	readOnly := root.Flags().Bool("read-only", false, c.t("flag_read_only"))
	yes := root.Flags().Bool("yes", false, c.t("flag_replace_owner"))
	root.RunE = c.run(func(ctx context.Context, _ []string) error {
		if *version {
			return c.version()
		}
		return c.screens(ctx, *readOnly, *yes)
	})
	root.PersistentFlags().StringVar(&c.data, "data", "", c.t("flag_data"))
	root.PersistentFlags().BoolP("help", "h", false, c.t("flag_help"))
	root.AddCommand(c.commands()...)
	root.SetUsageFunc(c.usage)
	root.SetFlagErrorFunc(c.flagMistake)
	root.SetHelpCommand(c.helpCommand(root))
	c.completions(root)
	return root
}

// commands makes the commands of the first level. If one of them is asked for by
// its name, it is this one alone: to make the texts of all of them takes longer than
// many a command does.
func (c *call) commands() (all []*cobra.Command) {
	makers := []struct {
		name string
		make func() *cobra.Command
	}{
		{"demo", c.demoCommand}, {"link", c.linkCommand}, {"numbers", c.numbersCommand}, {"contacts", c.contactsCommand}, {"lists", c.listsCommand},
		{"imports", c.importsCommand}, {"optouts", c.optoutsCommand}, {"consent", c.consentCommand}, {"campaign", c.campaignCommand},
		{"run", c.runCommand}, {"status", c.statusCommand}, {"stop", c.stopCommand}, {"audit", c.auditCommand}, {"host", c.hostCommand},
		{"check", c.checkCommand}, {"verify", c.verifyCommand}, {"evidence", c.evidenceCommand}, {"examine", c.examineCommand},
		{"simulate", c.simulateCommand}, {"version", c.versionCommand},
	}
	asked := c.first()
	for _, m := range makers {
		if m.name == asked {
			return []*cobra.Command{m.make()}
		}
	}
	for _, m := range makers {
		all = append(all, m.make())
	}
	return all
}

// first is the first argument that is not about the data directory.
func (c *call) first() string {
	args := c.env.Args
	for len(args) > 0 {
		switch {
		case args[0] == "--data" && len(args) > 1:
			args = args[2:]
		case strings.HasPrefix(args[0], "--data="):
			args = args[1:]
		default:
			return args[0]
		}
	}
	return ""
}

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
func (c *call) group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: c.t(short), Args: c.noArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var names []string
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		return errors.New(c.t("group_say_what", "Command", use, "Commands", strings.Join(names, "|")))
	}
	cmd.AddCommand(commands...)
	return cmd
}

// jsonFlag gives a command its --json.
func (c *call) jsonFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&c.json, "json", false, c.t("flag_json"))
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
				"data_no_place")
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
