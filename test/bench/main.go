// Command bench compares tcptune with the tools of the field as whole processes, from exec to exit: with procps'
// sysctl, and, as suite port, with ss, lsof, fuser and gopsutil, also at ending who holds a port. As suite diagnose it
// compares a look at every socket with ss, and says what a server under load loses meanwhile. As suite echo it compares
// tcptune-server with other servers, as suite client its load generator with others, as suite go getting a toolchain with
// doing so by hand. Suite mtu compares settings of the kernel instead: what probing for the size of packets does to a
// connection.
//
//	bench [-suite sysctl|port|diagnose|go] [-rounds 40] [-fixture test/fixtures/ubuntu-24.04] PATH-OF-TCPTUNE
//	bench -suite mtu
//	bench -suite echo [-rounds 40] [-seconds 1] [-others bin/echo] [-cases WORD,WORD] PATH-OF-TCPTUNE-SERVER
//	bench -suite client [-rounds 7] [-seconds 1] [-others bin/echo] PATH-OF-TCPTUNE
//	bench -suite honesty [-rounds 3] [-others bin/echo]
//
// It runs in network and mount namespaces of its own, with private copies of /etc and of what it needs of /var/lib: the
// machine is not changed. The commands take turns, so that a busy moment of the machine hits all of them.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// commands is what is compared. TCPTUNE stands for the binary. Exit status 2 (drift) and 4 (partial) are good results:
// the namespaces refuse the keys that belong to the whole machine.
var commands = []command{
	{name: "tcptune --version", argv: []string{"TCPTUNE", "--version"}, aim: 10},
	{name: "tcptune plan", argv: []string{"TCPTUNE", "plan"}, good: []int{2, 4}},
	{name: "tcptune status", argv: []string{"TCPTUNE", "status"}, good: []int{2, 4}, aim: 20},
	{name: "tcptune check", argv: []string{"TCPTUNE", "check"}},
	{name: "tcptune explain KEY", argv: []string{"TCPTUNE", "explain", "net.ipv4.tcp_rmem"}},
	{name: "tcptune apply (no change)", argv: []string{"TCPTUNE", "apply"}, good: []int{4}},
	{name: "sysctl --system", argv: []string{"sysctl", "--system"}, good: []int{1}}, // 1: a key of another kernel
	{name: "sysctl -a", argv: []string{"sysctl", "-a"}, good: []int{1}},             // 1: a key that cannot be read
}

func main() {
	rounds := flag.Int("rounds", 40, "how often each command is run")
	fixture := flag.String("fixture", "test/fixtures/ubuntu-24.04", "root whose sysctl files are applied")
	suite := flag.String("suite", "sysctl", "what to compare: sysctl, modules, port, diagnose, echo, client, honesty, go or mtu")
	seconds := flag.Float64("seconds", 1, "echo: how long each sample takes")
	others := flag.String("others", "bin/echo", "echo: folder of the servers to compare with")
	cases := flag.String("cases", "", "echo: only loads whose names have one of these words in them, comma between; idle for the memory, tail for p99.9 at 70 % of the rate, scaling for two loops, starve for what others get")
	crowd := flag.String("crowd", "", "be one process of a crowd, listening on this port or none (set by bench itself)")
	holder := flag.Int("hold", 0, "have so many sockets open (set by bench itself)")
	gopsutil := flag.Bool("gopsutil", false, "ask gopsutil (set by bench itself)")
	killer := flag.Bool("killer", false, "end who holds a port, by hand (set by bench itself)")
	aim := flag.Float64("kills", 0, "start and end servers, and judge by this aim (set by bench itself)")
	floor := flag.Bool("floor", false, "read all links (set by bench itself)")
	fetch := flag.String("fetch", "", "fetch a toolchain: BASE,VERSION,DIR (set by bench itself)")
	paced := flag.Bool("paced", false, "be a server of a known capacity (set by bench itself)")
	inside := flag.Bool("inside", false, "the namespaces have been made (set by bench itself)")
	flag.Parse()
	suites := map[string]func() error{
		"sysctl":   func() error { return compare(flag.Arg(0), *fixture, *rounds) },
		"modules":  func() error { return compareModules(flag.Arg(0), *fixture, *rounds) },
		"port":     func() error { return comparePorts(flag.Arg(0), *rounds) },
		"go":       func() error { return compareGo(flag.Arg(0), *fixture, *rounds) },
		"mtu":      compareMTU,
		"diagnose": func() error { return compareDiagnose(flag.Arg(0), *rounds) },
		"client": func() error {
			return compareClients(flag.Arg(0), *others, *rounds, time.Duration(*seconds*float64(time.Second)))
		},
		"honesty": func() error { return showHonesty(*others, *rounds) },
		"echo": func() error {
			return compareEcho(flag.Arg(0), *others, *cases, *rounds, time.Duration(*seconds*float64(time.Second)))
		},
	}
	part := map[bool]func() error{
		*crowd != "": func() error { return beCrowd(*crowd) },
		*fetch != "": func() error { return fetchGo(*fetch) },
		*gopsutil:    askGopsutil,
		*holder > 0:  func() error { return beHolder(*holder) },
		*floor:       readLinks,
		*paced:       bePaced,
		*killer:      killByHand,
		*aim > 0:     func() error { return beKiller(flag.Arg(0), flag.Arg(1), *rounds, *aim) },
	}[true]
	if part == nil && ((flag.NArg() == 1) == (*suite == "mtu" || *suite == "honesty") || *rounds < 1 || *seconds <= 0 || suites[*suite] == nil) {
		flag.Usage()
		os.Exit(64)
	}
	run := again
	switch {
	case part != nil:
		run = part
	case *inside:
		run = suites[*suite]
	}
	if err := run(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) { // otherwise it has spoken already
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

// again runs this program once more, inside new namespaces.
func again() error {
	if os.Getuid() != 0 {
		return errors.New("needs root, for namespaces of its own")
	}
	cmd := exec.Command("/proc/self/exe", append([]string{"-inside"}, os.Args[1:]...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	return cmd.Run()
}

func compare(tcptune, fixture string, rounds int) error {
	tcptune, err := filepath.Abs(tcptune)
	if err != nil {
		return err
	}
	fixture, err = filepath.Abs(fixture)
	if err != nil {
		return err
	}
	if err := furnish(fixture); err != nil {
		return fmt.Errorf("cannot make a private /etc and /var/lib: %w", err)
	}
	for i, c := range commands {
		if c.argv[0] == "TCPTUNE" {
			commands[i].argv = append([]string{tcptune}, c.argv[1:]...)
		}
	}
	// The first apply changes things; the ones that are measured find nothing to do.
	if _, err := (command{name: "tcptune apply", argv: []string{tcptune, "apply"}, good: []int{4}}).time(); err != nil {
		return err
	}
	samples, err := measure(commands, rounds)
	if err != nil {
		return err
	}
	table(os.Stdout, commands, samples)
	return nil
}
