package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

// targetOf is the host that the command is about.
func targetOf(c *cli.Context) (provision.Target, error) {
	t := provision.Target{
		Root: c.String("root"), Version: shortVersion(), GoProxy: goProxy, Args: os.Args[1:], AllowUnsupported: c.Bool("allow-unsupported"),
		Changing: &sessionsOpen, Trail: trailOf(c), In: c.App.Reader, Out: c.App.Writer,
	}
	if c.IsSet("root") && t.Root == "" {
		return t, report.Usage("cannot use an empty --root", "")
	}
	var err error
	t.Wait, err = positive(c, "wait")
	return t, err
}

// trailOf is where the command says what it does, if it is asked to, and otherwise what it waits for.
func trailOf(c *cli.Context) (t provision.Trail) {
	switch os.Getenv("TCPTUNE_DEBUG") {
	case "", "0", "false", "no":
		switch {
		case c.Bool("quiet"):
			return t
		case !c.Bool("debug"):
			return t.WithWaits(waits(c.App.ErrWriter))
		}
	}
	return provision.NewTrail(c.App.ErrWriter)
}

// tuningOf is what the flags of wantFlags ask for.
func tuningOf(c *cli.Context) (w provision.Tuning) {
	if name := c.String("profile"); c.IsSet("profile") {
		w.Profile = &name
	}
	if flows := c.Int("flows"); c.IsSet("flows") {
		w.Flows = &flows
	}
	if live := c.Bool("live-qdisc"); c.IsSet("live-qdisc") {
		w.LiveQdisc = &live
	}
	for _, file := range c.StringSlice("retire") {
		w.Retire = append(w.Retire, hostPath(c, file))
	}
	w.Bandwidth, w.RTT = c.String("bandwidth"), c.String("rtt")
	return w
}

// hostPath is where a file is that is named on the command line: in the image, or as the shell of the caller means it.
func hostPath(c *cli.Context, file string) string {
	if root := c.String("root"); root != "" && root != "/" {
		return path.Join("/", file)
	}
	if at, err := filepath.Abs(file); err == nil {
		return at
	}
	return file
}

// checkLinks refuses a wish about interfaces for what has none.
func checkLinks(c *cli.Context) error {
	if c.Bool("live-qdisc") && c.IsSet("root") && c.String("root") != "/" {
		return report.Usage("cannot use --live-qdisc with --root: an image has no interfaces", "")
	}
	return nil
}

// of is an outcome without a text.
func of(o provision.Outcome) outcome { return outcome{report: o.Report, code: o.Code} }

// positive reads a duration flag that must not be negative.
func positive(c *cli.Context, name string) (time.Duration, error) {
	d := c.Duration(name)
	if d < 0 || c.IsSet(name) && d == 0 && (name == "confirm" || name == "for") {
		return 0, report.Usage(fmt.Sprintf("cannot use --%s %s: it must be positive", name, d), "")
	}
	return d, nil
}
