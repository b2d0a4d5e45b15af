package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl"
)

func planCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "plan",
		Usage:     "show what apply would change; changes nothing",
		UsageText: "tcptune plan [--profile PROFILE] [--out FILE] [--root DIR] [--json]",
		Description: `Compares this host with the wanted state and prints the difference. It needs no root.
Exit code 0 when nothing is to be changed, 2 when something is, 4 when all that is left cannot be had here.

Examples:
  tcptune plan                                  what apply would do
  tcptune plan --profile wan --bandwidth 10gbit --rtt 80ms
  tcptune plan --out saved.json && sudo tcptune apply saved.json
  tcptune plan --root /mnt/image                for an image`,
		Flags: flags(wantFlags(), []cli.Flag{
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "save the plan to `FILE` for apply"},
			rootFlag(), jsonFlag(), unsupportedFlag(),
		}),
		Action: t.action(t.plan),
	}
}

func (t terminal) plan(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	if c.IsSet("out") && c.String("out") == "" {
		return outcome{}, report.Usage("cannot use an empty --out", "")
	}
	return t.preview(c, nil, nil)
}

// preview shows what apply would do, with the options of a saved plan if there is one.
func (t terminal) preview(c *cli.Context, saved *plan.Plan, options *sysctl.Options) (outcome, error) {
	h, j, d, err := look(c, options)
	if err == nil {
		err = t.withGo(c, h, j, &d)
	}
	if err != nil {
		return outcome{}, err
	}
	o := outcome{report: envelope(d.Changes, d.Warnings)}
	if err := d.refuse(saved); err != nil {
		return o, err
	}
	switch {
	case !d.Empty():
		o.code = report.ExitDiffers
	case partial(o.report.Changes):
		o.code = report.ExitPartial
	}
	if file := c.String("out"); file != "" {
		if err := savePlan(file, d); err != nil {
			return o, err
		}
	}
	o.text = func(w io.Writer) { t.showPlan(w, d, "to change") }
	return o, nil
}

// savePlan writes the plan for a later apply, whole or not at all. It replaces a regular file, but nothing else: renaming
// over /dev/stdout would break the machine, and a link may be a trap.
func savePlan(file string, d draft) error {
	data, err := plan.Encode(d.Plan, d.options)
	if err != nil {
		return err
	}
	fi, err := os.Lstat(file)
	mode := 0o644 &^ umask()
	switch {
	case err == nil && !fi.Mode().IsRegular():
		return fmt.Errorf("cannot save the plan: %s is a link, a device or a folder", file)
	case err == nil:
		mode = fi.Mode()
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	at, errAbs := filepath.Abs(file)
	if err = errors.Join(err, errAbs); err == nil {
		err = host.Host{}.WriteFile(at, data, mode)
	}
	if err != nil {
		return fmt.Errorf("cannot save the plan: %s: %w", file, host.Cause(err))
	}
	return nil
}

// umask cannot be asked for without setting it.
func umask() fs.FileMode {
	mask := unix.Umask(0o077)
	unix.Umask(mask)
	return fs.FileMode(mask)
}
