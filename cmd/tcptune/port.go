package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func portCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "port",
		Usage:     "who holds a port; --kill frees it",
		UsageText: "tcptune port [PORT | LOW-HIGH | NAME | udp/PORT ...] [--kill] [-- COMMAND ARGS]",
		ArgsUsage: "PORT ...",
		Description: `Lists the sockets that listen on the ports, and every process that has them open: twins of SO_REUSEPORT, children
that have inherited one, the unit or container that runs them. Without a port it lists all. Without root the processes
of other users cannot be seen, and that is said.

With --kill it frees the ports: a service is stopped by systemd, a container by its engine, any other process gets
SIGTERM, and SIGKILL after --grace. A TCP client whose own port happens to match is never touched. It is done when a
new look finds no holder and a trial bind succeeds; somebody who takes the port again is named. Programs that a machine
needs (sshd, dbus, systemd, dockerd, kubelet, cron …) are refused, most of them unless --force is given. What is stopped
or closed with the holder is named. Where a holder may not be looked into or ended, none is (77).

Examples:
  tcptune port 8080                             who listens there
  tcptune port 8080 9000-9010,udp/53 http
  tcptune port '[::1]:8080'                     only what that address has
  sudo tcptune port 8080 --kill --dry-run       what would be stopped, and how
  sudo tcptune port 8080 --kill                 free it; exit code 0 also when it was free
  tcptune port 8080 --kill -- ./server -p 8080  free it, and then become that command
  sudo tcptune port 8080 --kill --bound         also from who does not listen; --close: connections
  tcptune port 8080 --expect free               exit code 2 when it is not
  tcptune port 8080 --wait held --timeout 30s   until somebody listens

Exit codes: 0 done, 1 not freed, 2 not as expected (--expect, --wait), 4 partial: some ports are freed and others are not,
or what holds them is refused; 77 needs root.`,
		Flags:  flags(portLookFlags(), portKillFlags(), []cli.Flag{jsonFlag()}),
		Action: t.action(t.port),
	}
}

func portLookFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "tcp", Usage: "TCP ports (the default)"},
		&cli.BoolFlag{Name: "udp", Usage: "UDP ports"},
		&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "TCP and UDP ports"},
		&cli.BoolFlag{
			Name:    "listen",
			Aliases: []string{"l"},
			Usage:   "sockets that listen (the default); of UDP all that are bound",
		},
		&cli.BoolFlag{Name: "any-state", Usage: "list connections and closing sockets as well"},
		&cli.StringFlag{
			Name:  "netns",
			Usage: "look into the network namespace `NETNS`: a name of ip-netns(8), a PID, or all",
		},
		&cli.BoolFlag{Name: "thorough", Usage: "look into every process, also where the control group names the owner"},
		&cli.BoolFlag{Name: "pids", Usage: "print only the PIDs of all holders, one a line"},
		&cli.StringFlag{Name: "expect", Usage: "exit with 2 unless the ports are `free|held`"},
		&cli.StringFlag{Name: "wait", Usage: "wait until the ports are `free|held`"},
		&cli.DurationFlag{
			Name:  "timeout",
			Value: 30 * time.Second,
			Usage: "give up a --wait after this `TIME`, and exit with 2",
		},
		&cli.BoolFlag{
			Name:    "watch",
			Aliases: []string{"w"},
			Usage:   "list again whenever something changes, until interrupted",
		},
	}
}

func portKillFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "kill", Aliases: []string{"k"}, Usage: "free the ports"},
		&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "with --kill: only show what would be stopped"},
		&cli.DurationFlag{Name: "grace", Value: 5 * time.Second, Usage: "`TIME` between the first signal and SIGKILL"},
		&cli.StringFlag{
			Name:    "signal",
			Aliases: []string{"s"},
			Value:   "TERM",
			Usage:   "the first `SIGNAL`, by name or number; -9 and -KILL are short for it",
		},
		&cli.BoolFlag{Name: "no-force", Usage: "send no SIGKILL"},
		&cli.StringFlag{Name: "mode", Usage: "stop the `process|container|unit` of each holder, whatever would suit it"},
		&cli.BoolFlag{Name: "unit", Usage: "as --mode unit: stop the service that the holder runs in"},
		&cli.BoolFlag{Name: "pid-only", Usage: "as --mode process: signal it, whatever service or container runs it"},
		&cli.BoolFlag{Name: "bound", Usage: "also end who has a TCP socket bound to the port that does not listen"},
		&cli.IntSliceFlag{Name: "holder", Usage: "of a socket that nobody has open, end the candidate `PID`"},
		&cli.BoolFlag{Name: "close", Usage: "close connections that keep a server from the port"},
		&cli.BoolFlag{Name: "many", Usage: fmt.Sprintf("free more than %d ports, or end more than %d holders", mostPorts, mostPorts)},
		&cli.BoolFlag{
			Name:    "force",
			Aliases: []string{"f"},
			Usage:   "also what is refused otherwise, where that may be forced",
		},
	}
}

// portWish is the command line of port.
type portWish struct {
	provision.Ports
	kill, dryRun bool
	watch, pids  bool
	expect, wait string
	timeout      time.Duration
	command      []string // after "--"
}

// The words of --expect and --wait.
const (
	portFree = provision.PortFree
	portHeld = provision.PortHeld
)

func (t terminal) port(c *cli.Context) (outcome, error) {
	w, err := readPortWish(c)
	if err != nil {
		return outcome{}, err
	}
	if w.command != nil {
		if err := provision.LookCommand(w.command); err != nil {
			return outcome{}, err
		}
	}
	view, err := provision.Target{Version: shortVersion(), Args: os.Args[1:], Trail: trailOf(c)}.OpenPorts(w.Netns)
	if err != nil {
		return outcome{}, err
	}
	defer view.Close()
	switch {
	case w.watch:
		return outcome{}, view.Watch(c.Context, w.Ports, t.showAgain)
	case w.kill:
		return t.freePorts(c.Context, view, w)
	case w.wait != "":
		return t.ports(view.Wait(c.Context, w.Ports, w.wait, w.timeout))
	}
	list, err := view.List(c.Context, w.Ports, w.expect)
	o, err := t.ports(list, err)
	if err == nil && w.pids {
		o.asked = true
		o.text = func(out io.Writer) { t.showPids(out, list.Survey) }
		if o.code == 0 && slices.ContainsFunc(list.Survey.Holders, func(h provision.PortHolder) bool { return h.Veiled }) {
			o.code = report.ExitPartial // a list that is not whole must not look like one
		}
	}
	return o, err
}

// ports shows who holds them.
func (t terminal) ports(list provision.PortList, err error) (outcome, error) {
	o := of(list.Outcome)
	if err == nil {
		o.text = func(out io.Writer) { t.showHolders(out, list.Survey, list.Free) }
	}
	return o, err
}

func readPortWish(c *cli.Context) (portWish, error) {
	w := portWish{
		kill: c.Bool("kill"), dryRun: c.Bool("dry-run"), watch: c.Bool("watch"), pids: c.Bool("pids"),
		expect: c.String("expect"), wait: c.String("wait"), timeout: c.Duration("timeout"),
	}
	w.Netns = c.String("netns")
	w.Order.Grace, w.Order.NoForce = c.Duration("grace"), c.Bool("no-force")
	w.Order.Force, w.Many = c.Bool("force"), c.Bool("many")
	w.Bound, w.Order.Close, w.Order.Named = c.Bool("bound"), c.Bool("close"), c.IntSlice("holder")
	w.AnyState = c.Bool("any-state")
	w.Thorough = c.Bool("thorough") || c.Bool("kill") || c.Bool("pids") // those are for kill(1): all of them
	args := c.Args().Slice()
	if i := slices.Index(args, "--"); i >= 0 {
		args, w.command = args[:i], args[i+1:]
	}
	var err error
	if w.Order.Mode, err = readMode(c); err != nil {
		return w, err
	}
	if w.Order.Signal, err = readSignal(c.String("signal")); err != nil {
		return w, err
	}
	all := len(args) == 0
	if all {
		args = []string{"1-65535"}
	}
	tcp, udp := c.Bool("all") || c.Bool("tcp") || !c.Bool("udp"), c.Bool("all") || c.Bool("udp")
	if err = w.ParsePorts(args, tcp, udp); err != nil {
		return w, err
	}
	return w, w.check(c, all)
}

// readMode is what --mode says, or one of the flags that are short for it.
func readMode(c *cli.Context) (provision.PortMode, error) {
	modes := map[string]provision.PortMode{"process": provision.ByProcess, "container": provision.ByContainer, "unit": provision.ByUnit}
	mode, known := modes[c.String("mode")]
	if c.IsSet("mode") && !known {
		return "", report.Usage(fmt.Sprintf("cannot stop by %q", c.String("mode")), "--mode process, container or unit")
	}
	for flag, means := range map[string]provision.PortMode{"unit": provision.ByUnit, "pid-only": provision.ByProcess} {
		if !c.Bool(flag) {
			continue
		}
		if mode != "" && mode != means {
			return "", report.Usage(fmt.Sprintf("cannot use --%s with another mode", flag), "")
		}
		mode = means
	}
	return mode, nil
}

// mostPorts is how many ports, or holders, one --kill frees without --many: more are rather a slip of the finger.
const mostPorts = provision.MostPorts

// check refuses what cannot be meant. all: no port was named.
func (w portWish) check(c *cli.Context, all bool) error {
	size := 0
	for _, r := range w.Ranges {
		size += r.Size()
	}
	for _, word := range []string{w.expect, w.wait} {
		if word != "" && word != portFree && word != portHeld {
			return report.Usage(fmt.Sprintf("cannot expect %q: a port is free or held", word), "")
		}
	}
	for _, name := range []string{"dry-run", "grace", "signal", "no-force", "mode", "unit", "pid-only", "bound", "holder", "close", "many", "force"} {
		if c.IsSet(name) && !w.kill {
			return report.Usage(fmt.Sprintf("cannot use --%s without --kill", name), "")
		}
	}
	switch {
	case c.IsSet("timeout") && w.wait == "":
		return report.Usage("cannot use --timeout without --wait", "")
	case w.command != nil && (!w.kill || w.dryRun || c.Bool("json")):
		return report.Usage("cannot run a command: it needs --kill, and neither --dry-run nor --json", "")
	case w.command != nil && len(w.command) == 0:
		return report.Usage("cannot run a command: none follows --", "")
	case all && (w.kill || w.expect != "" || w.wait != ""):
		return report.Usage("cannot take all ports at once: name one", "see tcptune port --help")
	case w.kill && w.AnyState:
		return report.Usage("cannot use --kill with --any-state: only what listens is stopped", "")
	case w.kill && w.Netns == "all":
		return report.Usage("cannot use --kill with --netns all: name one network namespace", "")
	case w.kill && size > mostPorts && !w.Many:
		return report.Usage(
			fmt.Sprintf("cannot free %d ports at once", size),
			fmt.Sprintf("--many frees more than %d", mostPorts),
		)
	case w.kill && (w.watch || w.expect != "" || w.wait != ""):
		return report.Usage("cannot use --kill with --watch, --expect or --wait", "")
	case w.pids && (w.kill || w.watch || w.wait != "" || c.Bool("json")):
		return report.Usage("cannot use --pids with --kill, --watch, --wait or --json", "")
	case w.watch && (c.Bool("json") || w.expect != "" || w.wait != ""):
		return report.Usage("cannot use --watch with --json, --expect or --wait", "")
	case w.Order.Grace < 0 || w.timeout < 0:
		return report.Usage("cannot use a negative time", "")
	}
	return nil
}

// signalNamed is the signal with this number, or this name without SIG.
func signalNamed(text string) (unix.Signal, error) {
	for n := unix.Signal(1); n < 65; n++ {
		if text == fmt.Sprint(int(n)) || "SIG"+text == unix.SignalName(n) {
			return n, nil
		}
	}
	return 0, report.Usage(
		fmt.Sprintf("cannot send signal %q: no such signal", text),
		"TERM, INT, HUP, QUIT, KILL or a number",
	)
}
