package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

// ansibleCommand is what the modules of the Ansible collection in deploy/ansible run. They hold no logic: each option is a
// flag of a command.
func ansibleCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "ansible-module",
		Usage:     "be a module of Ansible: its arguments in a file, its result as JSON",
		UsageText: "tcptune ansible-module FILE",
		ArgsUsage: "FILE",
		Description: `The modules tcptune, tcptune_port, tcptune_service and tcptune_go of the collection in deploy/ansible call it on the host that
they are about. FILE holds the arguments of the task, as Ansible writes them for a module that wants JSON. In check mode
nothing is changed, and what would be is told; in diff mode each change is shown.
Exit code 0, or 1 when the task has failed.

Example:
  tcptune ansible-module args.json`,
		Action: func(c *cli.Context) error {
			result := t.ansible(c)
			if err := writeJSON(t.out, result); err != nil {
				return err
			}
			if result.Failed {
				return doneError{report.ExitFailed}
			}
			return doneError{report.ExitDone}
		},
	}
}

// ansibleResult is what a module tells Ansible.
type ansibleResult struct {
	Changed  bool           `json:"changed"`
	Failed   bool           `json:"failed"`
	Skipped  bool           `json:"skipped,omitempty"`
	Message  string         `json:"msg,omitempty"`
	Code     int            `json:"rc"`
	Diff     []ansibleDiff  `json:"diff,omitempty"`
	Warnings []string       `json:"warnings,omitempty"`
	Report   *report.Report `json:"tcptune,omitempty"`
}

// ansibleDiff is one change, as --diff shows it.
type ansibleDiff struct {
	Before       string `json:"before"`
	After        string `json:"after"`
	BeforeHeader string `json:"before_header"`
	AfterHeader  string `json:"after_header"`
}

// ansible runs the command that a task asks for, and says what came of it in Ansible's terms.
func (t terminal) ansible(c *cli.Context) ansibleResult {
	failed := func(err error) ansibleResult {
		p := describe(err)
		return ansibleResult{Failed: true, Message: joinHint(p), Code: p.Exit}
	}
	if c.NArg() != 1 {
		return failed(report.Usage("cannot be a module without its arguments: name one file", ""))
	}
	data, err := provision.ReadArguments(c.Args().First())
	if err != nil {
		return failed(err)
	}
	task, err := readTask(data)
	if err != nil {
		return failed(err)
	}
	if task.check && !task.dry {
		return ansibleResult{Skipped: true, Message: "tcptune " + strings.Join(task.command, " ") + " cannot tell beforehand what it would do"}
	}
	os.Args = task.argv() // what history shows is the command that was run
	var out bytes.Buffer
	code := run(c.Context, os.Args, strings.NewReader(""), &out, io.Discard)
	var r report.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return failed(fmt.Errorf("cannot read the report of %s: %w", strings.Join(os.Args, " "), err))
	}
	return task.result(r, code)
}

// result is what came of the task.
func (k task) result(r report.Report, code int) ansibleResult {
	out := ansibleResult{Changed: r.Changed, Code: code, Report: &r, Warnings: r.Warnings}
	good := []int{report.ExitDone, report.ExitPartial}
	if k.check {
		out.Changed = r.WouldChange
		good = append(good, report.ExitDiffers)
	}
	switch {
	case r.Error != nil:
		out.Failed, out.Message = true, joinHint(*r.Error)
	case !slices.Contains(good, code):
		out.Failed, out.Message = true, fmt.Sprintf("tcptune %s has ended with %d", strings.Join(k.command, " "), code)
	}
	for _, change := range r.Changes {
		if change.Status.Partial() {
			out.Warnings = append(out.Warnings, fmt.Sprintf("%s is %s: %s", change.Target, change.Status, change.Reason))
		}
		if k.diff && (change.Status == report.Planned || change.Moved()) {
			out.Diff = append(out.Diff, ansibleDiff{
				Before: sideOfDiff(change, change.Before), After: sideOfDiff(change, change.After),
				BeforeHeader: change.Target, AfterHeader: change.Target,
			})
		}
	}
	return out
}

// sideOfDiff is a value as a diff shows it: a file as it is, anything else as an assignment.
func sideOfDiff(c report.Change, value *string) string {
	switch {
	case value == nil:
		return ""
	case c.Kind == report.File:
		return *value
	}
	return c.Target + " = " + *value + "\n"
}

func joinHint(p report.Error) string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + " (" + p.Hint + ")"
}
