// Command shell boots a throw-away virtual machine and opens a shell in it, or runs the given command:
//
//	go run ./test/vm/shell -program bin/tcptune
//	go run ./test/vm/shell -release 24.04 systemctl list-timers
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/tcptune/tcptune/test/vm"
)

func main() { os.Exit(run()) }

func run() int {
	release := flag.String("release", "24.04", "present as this `version` of Ubuntu: 22.04, 24.04 or 26.04")
	program := flag.String("program", "", "put the program at `path` into /usr/bin")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	signal.Ignore(os.Interrupt) // for the shell inside
	fmt.Fprintln(os.Stderr, "vm-shell: booting, which takes about a minute")
	m, err := vm.Start(ctx, vm.Options{Release: *release})
	if err != nil {
		fmt.Fprintln(os.Stderr, "vm-shell:", err)
		return 1
	}
	defer m.End()
	addr, key := m.SSH()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vm-shell:", err)
		return 1
	}
	args := []string{
		"-q", "-i", key, "-p", port, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "root@" + host,
	}
	if *program != "" {
		if err := put(ctx, args, *program); err != nil {
			fmt.Fprintln(os.Stderr, "vm-shell:", err)
			return 1
		}
	}
	cmd := exec.CommandContext(ctx, "ssh", append(args, flag.Args()...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "vm-shell:", err)
		return 1
	}
	return cmd.ProcessState.ExitCode()
}

// put copies a program of this machine into /usr/bin of the virtual one.
func put(ctx context.Context, args []string, program string) error {
	f, err := os.Open(program)
	if err != nil {
		return err
	}
	defer f.Close()
	cmd := exec.CommandContext(ctx, "ssh", append(args, "install", "-m", "755", "/dev/stdin", "/usr/bin/tcptune")...)
	cmd.Stdin, cmd.Stderr = f, os.Stderr
	return cmd.Run()
}
