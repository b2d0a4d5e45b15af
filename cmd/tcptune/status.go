package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/plan"
)

func statusCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "status",
		Usage:     "the truth about every managed key: now, after a reboot, after sysctl --system",
		UsageText: "tcptune status [--profile PROFILE] [--root DIR] [--json]",
		Description: `Shows for each key of the profile what is wanted, what runs, what it will be after a reboot and after
"sysctl --system", and the file and line that decide. It changes nothing and needs no root.
Exit code 0 when all is as wanted and stays so, 2 when something has drifted or was never applied, 4 when something is
refused, missing or overridden by another file.

Examples:
  tcptune status
  tcptune status --json | jq -r '.keys[] | select(.status != "unchanged") | .target'
  tcptune status --root /mnt/image`,
		Flags:  flags(wantFlags(), []cli.Flag{rootFlag(), jsonFlag(), unsupportedFlag()}),
		Action: t.action(t.status),
	}
}

func (t terminal) status(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	h, j, d, err := look(c, nil)
	if err != nil {
		return outcome{}, err
	}
	drift, err := goDrift(h, j)
	if err != nil {
		return outcome{}, err
	}
	if d.Blocked != nil {
		d.Warnings = append(d.Warnings, "apply will refuse: "+d.Blocked.Error())
	}
	o := outcome{report: envelope(nil, d.Warnings)}
	o.report.Keys = d.Keys()
	o.code = statusCode(d, j)
	if drift != "" {
		o.code, o.report.Warnings = report.ExitDiffers, append(o.report.Warnings, drift)
	}
	o.text = func(w io.Writer) { t.showStatus(w, d, o, j.Window != nil) }
	return o, nil
}

func statusCode(d draft, j plan.Journal) int {
	if !d.Converged() || j.Pending != nil || d.Blocked != nil {
		return report.ExitDiffers
	}
	if d.Unread() != nil || partial(plan.Rows(d.Changes)) { // a key of another profile that cannot be given back is none of the keys
		return report.ExitPartial
	}
	for _, k := range d.Keys() {
		if k.Status.Partial() {
			return report.ExitPartial
		}
	}
	return report.ExitDone
}

func (t terminal) showStatus(w io.Writer, d draft, o outcome, waits bool) {
	printf(w, "%s\n\n", t.paint(faint, fmt.Sprintf("%s, %s", d.Source(), d.origin)))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	printf(tw, "KEY\tWANTED\tRUNNING\tAFTER REBOOT\tAFTER SYSCTL --SYSTEM\tDECIDED BY\tSTATUS\n")
	for _, k := range o.report.Keys {
		printf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.Target, side(k.Wanted), against(k, k.Running),
			against(k, k.AfterReboot), against(k, k.AfterSysctlSystem), decider(k), statusWord(k.Status))
	}
	_ = tw.Flush()
	printf(w, "\n")
	t.showReasons(w, o.report.Keys)
	if d.Blocked != nil {
		printf(w, "not as wanted, and apply will refuse: %v\n", d.Blocked)
		return
	}
	printf(w, "%s\n", verdict(o.code, waits))
}

// showReasons prints why keys are not simply as wanted, each reason once.
func (t terminal) showReasons(w io.Writer, keys []report.Key) {
	var reasons []string
	about := map[string][]string{}
	for _, k := range keys {
		if k.Status == report.Unchanged || k.Reason == "" {
			continue
		}
		if about[k.Reason] == nil {
			reasons = append(reasons, k.Reason)
		}
		about[k.Reason] = append(about[k.Reason], t.paint(statusColor(k.Status), k.Target))
	}
	for _, r := range reasons {
		printf(w, "%s\n    %s\n", strings.Join(about[r], ", "), r)
	}
	if reasons != nil {
		printf(w, "\n")
	}
}

// against shortens a value that is the wanted one to "=".
func against(k report.Key, v *string) string {
	switch {
	case v == nil:
		return "?"
	case k.Wanted != nil && side(v) == side(k.Wanted):
		return "="
	}
	return side(v)
}

func decider(k report.Key) string {
	if k.DecidedBy == nil {
		return "-"
	}
	var places []string
	if k.DecidedBy.Reboot != nil {
		places = append(places, *k.DecidedBy.Reboot)
	}
	if s := k.DecidedBy.SysctlSystem; s != nil && (k.DecidedBy.Reboot == nil || *s != *k.DecidedBy.Reboot) {
		places = append(places, *s)
	}
	if places == nil {
		return "-"
	}
	return strings.Join(places, ", ")
}

func statusWord(s report.Status) string {
	switch s {
	case report.Unchanged:
		return "as wanted"
	case report.Planned:
		return "to apply"
	}
	return string(s)
}

func verdict(code int, waits bool) string {
	switch {
	case code == report.ExitDiffers && waits:
		return "not kept yet: run sudo tcptune confirm"
	case code == report.ExitDiffers:
		return "not as wanted: run sudo tcptune apply"
	case code == report.ExitPartial:
		return "as wanted, but for what is named above"
	}
	return "as wanted"
}
