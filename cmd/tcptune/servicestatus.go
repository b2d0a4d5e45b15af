package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"
)

func serviceStatusCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "status",
		Usage:     "how services are doing: socket, process, connections, memory, exposure",
		UsageText: "tcptune service status [SERVICE] [--wait TIME] [--json]",
		ArgsUsage: "[SERVICE]",
		Description: `Shows all services that tcptune has installed, or the one that is named. It changes nothing and needs no root.
The exit codes are those of systemctl: 0 the socket listens and the service has not failed, 3 it does not, 4 there is no
such unit. A service that fails and is started again and again, or that systemd does not start while clients wait, is
"failing", exit code 3, with the last lines that tell why; it is watched for a second to tell. With --wait it waits
until the service is up.
Where ufw, firewalld or nftables has no rule that lets other hosts in, that is said, with the command that opens the port.

Examples:
  tcptune service status
  tcptune service status --wait 30s
  tcptune service status --json | jq '.service[0].server.active'`,
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "wait", Usage: "wait up to `TIME` until it is up", DefaultText: "0s, do not wait"},
			jsonFlag(),
		},
		Action: t.action(t.serviceStatus),
	}
}

func (t terminal) serviceStatus(c *cli.Context) (outcome, error) {
	if _, err := serviceName(c); err != nil {
		return outcome{}, err
	}
	done, err := provision.Target{}.ServiceStatus(c.Context, c.Args().Slice(), c.Duration("wait"))
	o := of(done)
	if err == nil {
		o.text = func(w io.Writer) { t.showServices(w, o.report.Service) }
	}
	return o, err
}

func (t terminal) showServices(w io.Writer, services []report.Service) {
	if len(services) == 0 {
		printf(w, "no service is installed\n")
	}
	for i, s := range services {
		if i > 0 {
			printf(w, "\n")
		}
		t.showService(w, s)
	}
}

func (t terminal) showService(w io.Writer, s report.Service) {
	color := red
	if s.State == provision.ServiceActive {
		color = green
	}
	printf(w, "%s  %s\n", s.Target, t.paint(color, s.State))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			printf(tw, "  %s\t%s\n", name, value)
		}
	}
	for _, u := range s.Units {
		state := fmt.Sprintf("%s (%s), %s", u.Active, u.Sub, orDash(u.File))
		if len(u.DropIns) > 0 {
			state += ", changed by " + strings.Join(u.DropIns, ", ")
		}
		row(u.Target, state)
	}
	row("listens on", strings.Join(s.Listen, ", "))
	row("protocol", s.Protocol)
	row("program", s.Program)
	row("admin", s.Admin)
	row("says", s.Says)
	if s.Pid > 0 {
		row("process", fmt.Sprintf("pid %d, %s of memory", s.Pid, mebibytes(s.Memory)))
	}
	if s.State != provision.ServiceMissing {
		row("restarts", fmt.Sprintf("%d times after it had ended", s.Restarts))
	}
	if s.Server != nil {
		t.showServer(row, *s.Server)
	}
	if s.ListenOverflows != nil {
		row(
			"overflows",
			fmt.Sprintf("%d connections for which this host had no room since it was booted", *s.ListenOverflows),
		)
	}
	if s.Exposure != nil {
		row("exposure", fmt.Sprintf("%.1f of 10 (systemd-analyze security)", *s.Exposure))
	}
	_ = tw.Flush()
	if s.Reason != "" {
		printf(w, "  %s\n", t.paint(yellow, s.Reason))
	}
	for _, line := range s.Journal {
		printf(w, "  journal: %s\n", line)
	}
}

func (t terminal) showServer(row func(name, value string), s report.Server) {
	state := "serving"
	if s.Draining {
		state = "draining"
	}
	row("state", state)
	row(
		"connections",
		fmt.Sprintf("%d open of at most %d, %d accepted, %d waiting", s.Active, s.MaxConns, s.Accepted, s.Queued),
	)
	var refused []string
	for _, reason := range slices.Sorted(maps.Keys(s.Refused)) {
		if n := s.Refused[reason]; n > 0 {
			refused = append(refused, fmt.Sprintf("%d %s", n, reason))
		}
	}
	if refused == nil {
		refused = []string{"none"}
	}
	row("refused", strings.Join(refused, ", "))
	row("certificate", expiry(s.Expires, time.Now()))
	row("traffic", fmt.Sprintf("%d messages, %s in, %s out", s.Messages, mebibytes(s.BytesIn), mebibytes(s.BytesOut)))
}

// expiry says when a certificate does, "" for none.
func expiry(text string, now time.Time) string {
	at, err := time.Parse(time.RFC3339, text)
	switch left := at.Sub(now); {
	case err != nil:
		return ""
	case left < 0:
		return "expired on " + at.UTC().Format(time.DateTime) + " UTC"
	case left < 48*time.Hour:
		return fmt.Sprintf("expires in %d hours, on %s UTC", int(left.Hours()), at.UTC().Format(time.DateTime))
	default:
		return fmt.Sprintf("expires in %d days, on %s UTC", int(left.Hours()/24), at.UTC().Format(time.DateTime))
	}
}

func mebibytes(n uint64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
