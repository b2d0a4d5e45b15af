package main

import (
	"io"
	"strings"
	"text/tabwriter"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"
)

func statusCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "status",
		Usage:     "the truth about every managed key: now, after a reboot, after sysctl --system",
		UsageText: "tcptune status [--all] [--profile PROFILE] [--root DIR] [--json]",
		Description: `Says in one line whether all keys of the profile are as wanted and stay so, and shows each that is not, or with
--all every one: what is wanted, what runs, what it will be after a reboot and after "sysctl --system", and the file and
line that decide. It changes nothing and needs no root.
Exit code 0 when all is as wanted and stays so, 2 when something has drifted or was never applied, 4 when something is
refused, missing, unknown or overridden by another file.

Examples:
  tcptune status
  tcptune status --all
  tcptune status --json | jq -r '.keys[] | select(.status != "unchanged") | .target'
  tcptune status --root /mnt/image`,
		Flags: flags(wantFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "show every key, not only those that are not as wanted"},
			rootFlag(), jsonFlag(), unsupportedFlag(),
		}),
		Action: t.action(t.status),
	}
}

func (t terminal) status(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	if err := checkLinks(c); err != nil {
		return outcome{}, err
	}
	s, err := target.Status(c.Context, tuningOf(c))
	o := of(s.Outcome)
	switch {
	case err != nil:
	case c.Bool("all"):
		o.text = func(w io.Writer) { t.showStatus(w, s) }
	default:
		o.text = func(w io.Writer) { t.showDeviations(w, s) }
	}
	return o, err
}

// showDeviations says in one line how all is, and then what is not as wanted, key by key.
func (t terminal) showDeviations(w io.Writer, s provision.Status) {
	calm := 0
	for _, k := range s.Report.Keys {
		if k.Status == report.Unchanged {
			calm++
		}
	}
	word, color := strings.Replace(verdict(s.Code, s.Waits), "above", "below", 1), yellow
	if s.Code == report.ExitDone {
		color = green
	}
	if s.Blocked != nil {
		word = "not as wanted, and apply will refuse"
	}
	printf(w, "%s: %s (%s as wanted)\n", s.Origin, t.paint(color, word), count(calm, "key"))
	for _, k := range s.Report.Keys {
		if k.Status != report.Unchanged {
			t.showDeviation(w, k)
		}
	}
	if s.Report.DeadLines != nil {
		printf(w, "\n")
	}
	t.showDeadLines(w, s.Report.DeadLines)
	if s.Blocked != nil {
		printf(w, "\napply will refuse: %v\n", s.Blocked)
	}
}

func (t terminal) showDeviation(w io.Writer, k report.Key) {
	printf(w, "\n%s  %s\n", k.Target, t.paint(statusColor(k.Status), statusWord(k.Status)))
	printf(
		w,
		"    wanted %s, running %s, after reboot %s, after sysctl --system %s\n",
		side(k.Wanted),
		orUnknown(k, report.KeyRunning, k.Running),
		orUnknown(k, report.KeyAfterReboot, k.AfterReboot),
		orUnknown(k, report.KeySysctlSystem, k.AfterSysctlSystem),
	)
	if by := decider(k); by != "-" {
		printf(w, "    decided by %s\n", by)
	}
	if k.Reason != "" {
		printf(w, "    %s\n", k.Reason)
	}
}

func (t terminal) showStatus(w io.Writer, s provision.Status) {
	printf(w, "%s\n\n", t.paint(faint, s.Origin))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	printf(tw, "KEY\tWANTED\tRUNNING\tAFTER REBOOT\tAFTER SYSCTL --SYSTEM\tDECIDED BY\tSTATUS\n")
	for _, k := range s.Report.Keys {
		printf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.Target, side(k.Wanted), against(k, report.KeyRunning, k.Running),
			against(k, report.KeyAfterReboot, k.AfterReboot), against(k, report.KeySysctlSystem, k.AfterSysctlSystem), decider(k), statusWord(k.Status))
	}
	_ = tw.Flush()
	printf(w, "\n")
	t.showReasons(w, s.Report.Keys)
	if t.showDeadLines(w, s.Report.DeadLines) {
		printf(w, "\n")
	}
	if s.Blocked != nil {
		printf(w, "not as wanted, and apply will refuse: %v\n", s.Blocked)
		return
	}
	printf(w, "%s\n", verdict(s.Code, s.Waits))
}

// showReasons prints why keys are not simply as wanted, each reason once.
func (t terminal) showReasons(w io.Writer, keys []report.Key) {
	var reasons []string
	about := map[string][]shown{}
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
		for i, key := range about[r] {
			if i > 0 {
				printf(w, ", ")
			}
			printf(w, "%s", key)
		}
		printf(w, "\n    %s\n", r)
	}
	if reasons != nil {
		printf(w, "\n")
	}
}

// against shortens a value that is the wanted one to "=", one that is not known to "?", and writes "-" where there is none:
// an image runs nothing.
func against(k report.Key, field string, v *string) string {
	switch {
	case v == nil && k.Unknown[field] != "":
		return "?"
	case v == nil:
		return "-"
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
