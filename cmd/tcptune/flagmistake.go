package main

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/report"
)

// onUsageError says in our words what package flag says in its own: they call a duration a parse error, and every flag
// by one dash.
func onUsageError(c *cli.Context, err error, _ bool) error {
	see := "see " + fullName(c) + " --help"
	match := func(pattern string) []string {
		return regexp.MustCompile(`(?s)^` + pattern + `$`).FindStringSubmatch(err.Error())
	}
	if m := match(`flag provided but not defined: -(.*)`); m != nil {
		return unknownFlag(fullName(c), "--"+m[1], c.Command.Flags, c.Command.Subcommands, nil)
	}
	if m := match(`flag needs an argument: -(.*)`); m != nil {
		return report.Usage("cannot use "+dashed(m[1])+": it needs a value, "+want(flagNamed(c.Command.Flags, m[1])), see)
	}
	if m := match(`invalid (?:boolean )?value "(.*)" for (?:flag )?-([^:]*): .*`); m != nil {
		return report.Usage(
			"cannot use "+dashed(m[2])+" "+strconv.Quote(m[1])+": want "+want(flagNamed(c.Command.Flags, m[2])),
			see,
		)
	}
	if m := match(`bad flag syntax: (.*)`); m != nil {
		return report.Usage("cannot use "+shellWord(m[1])+": a flag is two dashes and its name, as in --json", see)
	}
	if m := match(`Cannot use two forms of the same flag: (\S+) (\S+)`); m != nil {
		return report.Usage("cannot use "+dashed(m[1])+" and "+dashed(m[2])+" at once: they are the same flag", see)
	}
	return report.Usage("cannot read the command line: "+lowerFirst(err.Error()), see)
}

// wantDuration is what is said of each value that should be a duration, and is none.
const wantDuration = "a number and a unit, as in 60s"

// want is what a value of the flag looks like.
func want(f cli.Flag) string {
	switch f := f.(type) {
	case *cli.DurationFlag:
		return wantDuration
	case *cli.IntFlag:
		return "a whole number, as in 1000"
	case *cli.BoolFlag:
		return "true or false, or no value at all"
	case cli.DocGenerationFlag:
		return placeholder(f.GetUsage())
	}
	return "a value"
}

func flagNamed(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}
