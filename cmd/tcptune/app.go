package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/report"
)

// newApp describes the command line. urfave/cli exits, prints usage to stdout and numbers its errors as it likes; all
// of that is taken from it here, so that the exit codes are ours.
func newApp(t terminal) *cli.App {
	app := &cli.App{
		Name:      "tcptune",
		Usage:     "tune an Ubuntu host for high-concurrency TCP services, and take it back",
		UsageText: "tcptune COMMAND [flags] [arguments]",
		Version:   shortVersion(),
		Writer:    t.out, ErrWriter: t.err, Reader: t.in,
		HideHelpCommand:           false,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              onUsageError,
		CommandNotFound:           nil,
		Action:                    groupAction,
		Description:               exitCodes,
		Commands: []*cli.Command{
			checkCommand(t), planCommand(t), applyCommand(t), statusCommand(t), revertCommand(t), confirmCommand(t),
			explainCommand(t), historyCommand(t), profileCommand(t), lintCommand(t), importCommand(t), portCommand(t), benchCommand(t),
			proveCommand(t), diagnoseCommand(t), serviceCommand(t), goCommand(t), metricsCommand(t), ansibleCommand(t),
			versionCommand(t), schemaCommand(t), completionCommand(t), purgeListCommand(t), carryPathCommand(t),
			describeCommand(t),
		},
	}
	prepare(app.Commands)
	return app
}

const exitCodes = `Exit codes: 0 done, 1 failed, 2 not as wanted (plan, status, check, lint, port, --dry-run), 4 partial: some items are
refused, unknown or overridden here, 6 changed and partial (--detailed-exitcode), 5 unsupported system, 64 usage, 75 busy, 77 needs root.`

func prepare(commands []*cli.Command) {
	for _, c := range commands {
		c.OnUsageError = onUsageError
		if len(c.Subcommands) == 0 {
			c.Flags = append(c.Flags, quietFlag(), colorFlag(), debugFlag())
		}
		c.HideHelpCommand = len(c.Subcommands) == 0 // or "tcptune apply help" would not be about a plan called help
		for _, f := range c.Flags {
			if b, ok := f.(*cli.BoolFlag); ok {
				b.DisableDefaultText = true
			}
		}
		if len(c.Subcommands) > 0 {
			c.Action = groupAction
			prepare(c.Subcommands)
		}
	}
}

// fullName is what to type for the command of c: "tcptune profile size".
func fullName(c *cli.Context) string {
	if c.Command.HelpName != "" {
		return c.Command.HelpName
	}
	return c.App.Name
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// groupAction runs when a command with subcommands, or tcptune itself, is called without one. A wrong one is told
// before.
func groupAction(c *cli.Context) error {
	// What is not asked for is no result: it goes to stderr.
	out := c.App.Writer
	c.App.Writer = c.App.ErrWriter
	defer func() { c.App.Writer = out }()
	if err := cli.ShowSubcommandHelp(c); err != nil {
		return err
	}
	return doneError{report.ExitUsage}
}

// The flags that several commands share.
func rootFlag() cli.Flag {
	return &cli.StringFlag{
		Name:  "root",
		Usage: "work on the image in `DIR` instead of this machine: its files only, no running values",
	}
}

// debugFlag belongs to every command.
func debugFlag() cli.Flag {
	return &cli.BoolFlag{
		Name: "debug", Usage: "say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment",
	}
}

// quietFlag and colorFlag do as well.
func quietFlag() cli.Flag {
	return &cli.BoolFlag{
		Name:    "quiet",
		Aliases: []string{"q"},
		Usage:   "say nothing but errors: the exit code is the answer",
	}
}

func colorFlag() cli.Flag {
	return &cli.BoolFlag{
		Name:  "no-color",
		Usage: "no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them",
	}
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print one JSON document (see tcptune schema)"}
}

func waitFlag() cli.Flag {
	return &cli.DurationFlag{
		Name:        "wait",
		DefaultText: "0s, give up at once",
		Usage:       "wait this `DURATION` for another tcptune to finish, 30s for instance",
	}
}

func unsupportedFlag() cli.Flag {
	return &cli.BoolFlag{Name: "allow-unsupported", Usage: "proceed on a system that tcptune does not know"}
}

func wantFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "profile", Aliases: []string{"p"}, Usage: "use `PROFILE` (see tcptune profile list)"},
		&cli.StringFlag{Name: "bandwidth", Usage: "size the buffers of profile wan for this `RATE`, 10gbit for instance"},
		&cli.StringFlag{Name: "rtt", Usage: "size the buffers of profile wan for this round-trip `TIME`, 80ms for instance"},
		&cli.IntFlag{
			Name:        "flows",
			DefaultText: "no warning",
			Usage:       "warn where memory does not suffice for the buffers of profile wan of `N` connections",
		},
		&cli.BoolFlag{Name: "live-qdisc", Usage: "set the queue discipline of the interfaces that are up, too"},
	}
}

func flags(groups ...[]cli.Flag) []cli.Flag { return slices.Concat(groups...) }

func noArguments(c *cli.Context) error {
	if c.Args().Present() {
		return report.Usage(
			fmt.Sprintf("cannot use argument %q: %s takes none", c.Args().First(), c.Command.Name),
			"see "+fullName(c)+" --help",
		)
	}
	return nil
}
