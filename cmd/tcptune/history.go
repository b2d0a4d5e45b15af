package main

import (
	"io"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func historyCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "history",
		Usage:     "what root has changed through tcptune on this machine, when, and by whom",
		UsageText: "sudo tcptune history [ID] [--json]",
		ArgsUsage: "[ID]",
		Description: `Lists the changes that root has made through tcptune, the newest first: apply, revert, confirm, the end of a window that
was not confirmed, a port that was freed, and those of service and go. With an ID, that one in full. The last 500 are kept, in
/var/log/tcptune/history.jsonl, also where the journal of systemd is gone after a reboot; a revert leaves them. The journal has the same:
journalctl -t tcptune. Changes to an image (--root) are not recorded.

"login" is the audit id of the session, which stays through su and sudo; the name behind "sudo" is what the environment said.

Examples:
  sudo tcptune history
  sudo tcptune history --json | jq -r '.records[] | [.time, .command, .exit_code] | @tsv'`,
		Flags:  []cli.Flag{jsonFlag()},
		Action: t.action(t.history),
	}
}

func (t terminal) history(c *cli.Context) (outcome, error) {
	if c.NArg() > 1 || c.NArg() == 1 && c.Args().First() == "" {
		return outcome{}, report.Usage("cannot show that: history takes one ID, or none", "see tcptune history --help")
	}
	done, err := provision.Target{Trail: trailOf(c)}.History(c.Args().First())
	o := of(done)
	if err != nil {
		return o, err
	}
	o.text = func(w io.Writer) {
		switch {
		case c.NArg() == 1:
			showRecord(w, done.Report.Records[0])
		case len(done.Report.Records) == 0:
			printf(w, "nothing is recorded\n")
		default:
			showRecords(w, done.Report.Records)
		}
	}
	return o, nil
}

func showRecords(w io.Writer, records []provision.Record) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	printf(tw, "ID\tTIME\tCOMMAND\tCHANGES\tEXIT\tBY\n")
	for _, r := range records {
		printf(tw, "%s\t%s\t%s\t%d\t%d\t%s\n", r.ID, r.Time, r.Command, len(r.Changes)+r.More, r.ExitCode, provision.Who(r))
	}
	_ = tw.Flush() // what was not printed, run says
}

func showRecord(w io.Writer, r provision.Record) {
	printf(w, "%s  %s  %s\n", r.ID, r.Time, r.Command)
	printf(
		w,
		"  %s\n  by %s\n  tcptune %s, exit %d %s\n",
		r.CommandLine,
		provision.Who(r),
		r.Version,
		r.ExitCode,
		r.ErrorCode,
	)
	for _, c := range r.Changes {
		printf(w, "\n%s %s  %s\n    %s -> %s\n", c.Kind, c.Target, c.Status, side(c.Before), side(c.After))
	}
	if r.More > 0 {
		printf(w, "\nand %d more\n", r.More)
	}
}
