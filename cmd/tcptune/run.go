package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"
)

// terminal is where a command speaks to.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	color    bool // out shows colours
	errColor bool // err does
	columns  int  // how wide out is, 0 for what is no terminal
	errWide  int  // how wide err is
	quiet    bool // only errors are said
}

// outcome is what a command has to say: the report for programs, a text for people, and the exit code.
type outcome struct {
	report report.Report
	text   func(w io.Writer)
	asked  bool // the text is what was asked for: --quiet keeps it
	said   bool // all has been printed
	aside  bool // the text goes to stderr: stdout has been written to
	code   int
}

// run is the whole program. It returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, stderr io.Writer) int {
	kept := &keepError{Writer: out}
	plain := slices.Contains(flagWords(args), "--no-color")
	t := terminal{
		in: in, out: kept, err: stderr, color: !plain && colorful(out), errColor: !plain && colorful(stderr), columns: columnsOf(out),
		errWide: columnsOf(stderr),
	}
	app := newApp(t)
	args = spread(app, args)
	err := mistyped(app, args)
	if err == nil {
		err = app.RunContext(ctx, reorder(app, helpOf(app, args)))
	}
	if kept.err != nil {
		err = fmt.Errorf("cannot print: %w", kept.err)
	}
	var done doneError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &done):
		return done.code
	}
	return t.fail(err, commandName(app, args), wantsJSON(args))
}

// keepError is a writer that remembers its first failure: an answer that was cut short must not look like a whole one.
type keepError struct {
	io.Writer
	err error
}

func (k *keepError) Write(p []byte) (int, error) {
	n, err := k.Writer.Write(p)
	if k.err == nil {
		k.err = err
	}
	return n, err
}

// doneError carries the exit code of a command that has said all there is to say.
type doneError struct{ code int }

func (doneError) Error() string { return "" }

// action turns a command into what urfave/cli calls, and prints its outcome.
func (t terminal) action(do func(c *cli.Context) (outcome, error)) cli.ActionFunc {
	return func(c *cli.Context) error {
		t.quiet = c.Bool("quiet")
		o, err := do(c)
		o.report.Command = strings.TrimPrefix(fullName(c), c.App.Name+" ")
		if err != nil {
			err = provision.Target{Root: c.String("root")}.InUserTerms(err)
			if c.Bool("json") {
				return doneError{t.failJSON(o.report, err)}
			}
			t.warn(o.report.Warnings)
			t.show(o)
			return doneError{t.fail(err, c.Command.Name, false)}
		}
		if c.Bool("json") && !o.said {
			o.report.ExitCode = o.code
			return t.finish(t.printJSON(o.report), o.code)
		}
		t.warn(o.report.Warnings)
		t.show(o)
		return t.finish(nil, o.code)
	}
}

// show prints the text of o, which has the width of a terminal.
func (t terminal) show(o outcome) {
	switch {
	case o.text == nil || t.quiet && !o.asked:
	case o.aside:
		out, end := folded(t.err, t.errWide)
		o.text(out)
		end()
	default:
		out, end := folded(t.out, t.columns)
		o.text(out)
		end()
	}
}

func (t terminal) finish(err error, code int) error {
	if err != nil {
		return err
	}
	return doneError{code}
}

func (t terminal) warn(lines []string) {
	if t.quiet {
		return
	}
	for _, l := range lines {
		t.say("tcptune: %s %s\n", t.onErr(yellow, "note:"), l)
	}
}

// fail prints err as the last word and returns the exit code.
func (t terminal) fail(err error, command string, asJSON bool) int {
	if asJSON {
		return t.failJSON(report.Report{Command: command}, err)
	}
	p := describe(err)
	t.say("%s %s\n", t.onErr(red, "tcptune:"), strings.ReplaceAll(p.Message, "\n", "; ")) // of errors that were joined
	if p.Hint != "" {
		t.say("hint: %s\n", p.Hint)
	}
	return p.Exit
}

func (t terminal) failJSON(r report.Report, err error) int {
	p := describe(err)
	r.Failed, r.Error, r.ExitCode = true, &p, p.Exit
	if err := t.printJSON(r); err != nil {
		printf(t.err, "tcptune: %v\n", err)
		return report.ExitFailed
	}
	return p.Exit
}

// flagWords are the arguments before "--".
func flagWords(args []string) []string {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i]
	}
	return args
}

// say prints on stderr, which has the width of a terminal. What shows how far a download is writes there as it likes.
func (t terminal) say(format string, args ...any) {
	w, end := folded(t.err, t.errWide)
	printf(w, format, args...)
	end()
}

// onErr paints what goes to stderr.
func (t terminal) onErr(color, s string) shown {
	t.color = t.errColor
	return t.paint(color, s)
}

// colorful reports whether w is a terminal on which colours are welcome (https://no-color.org), or is to have some all
// the same (https://bixense.com/clicolors).
func colorful(w io.Writer) bool {
	f, ok := w.(*os.File)
	force := os.Getenv("CLICOLOR_FORCE")
	switch {
	case os.Getenv("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	case !ok || os.Getenv("TERM") == "dumb" || os.Getenv("CLICOLOR") == "0":
		return false
	}
	fi, err := f.Stat()
	return err == nil && fi.Mode()&os.ModeCharDevice != 0 && isTerminal(f)
}
