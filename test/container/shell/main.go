// Command shell boots a throw-away systemd machine and opens a shell in it, or runs the given command:
//
//	go run ./test/container/shell
//	go run ./test/container/shell -release 24.04 systemctl list-timers
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/tcptune/tcptune/test/container"
)

func main() { os.Exit(run()) }

func run() int {
	release := flag.String("release", "", "present as this `version` of Ubuntu: 22.04, 24.04 or 26.04")
	program := flag.String("program", "", "put the program at `path` into /usr/bin")
	flag.Parse()
	argv := flag.Args()
	if len(argv) == 0 {
		argv = []string{"bash", "-l"}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	signal.Ignore(os.Interrupt) // for the shell inside
	m, err := container.Start(ctx, container.Options{Release: *release})
	if err != nil {
		fmt.Fprintln(os.Stderr, "container-shell:", err)
		return 1
	}
	defer m.End()
	if *program != "" {
		if err := put(ctx, m, *program); err != nil {
			fmt.Fprintln(os.Stderr, "container-shell:", err)
			return 1
		}
	}
	cmd := m.Command(ctx, argv...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if term := os.Getenv("TERM"); term != "" {
		cmd.Args = append(cmd.Args[:len(cmd.Args)-len(argv)], append([]string{"TERM=" + term}, argv...)...)
	}
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "container-shell:", err)
		return 1
	}
	return cmd.ProcessState.ExitCode()
}

// put copies a program of this machine into /usr/bin of m.
func put(ctx context.Context, m *container.Machine, program string) error {
	f, err := os.Open(program)
	if err != nil {
		return err
	}
	defer f.Close()
	cmd := m.Command(ctx, "install", "-m", "755", "/dev/stdin", "/usr/bin/"+filepath.Base(program))
	cmd.Stdin = f
	return cmd.Run()
}
