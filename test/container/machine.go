package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/test/guest"
)

// bootLimit is how long systemd may take to finish booting: it needs 2 to 3 seconds on an idle machine with two cores.
const bootLimit = 90 * time.Second

// Options say how a machine differs from the plain one.
type Options struct {
	Release  string            // "22.04", "24.04", "26.04": what /etc/os-release claims; "" leaves Debian's or the host's
	Packages []string          // Debian packages beside the basic set; each set is made and cached once
	Files    map[string]string // absolute path -> content, in place before systemd starts; a path ending in "/" is a folder
	Degraded []string          // units that may fail to start
}

// Machine is a booted systemd. Its zero value is of no use; see [Boot] and [Start].
type Machine struct {
	guest.Shell

	pid     int // of its systemd, seen from here
	kill    func()
	done    <-chan error
	console *bytes.Buffer // what was printed before systemd took over; complete once done is closed
	group   cgroup
}

// Boot starts a machine that ends with the test; the journal is logged if the test failed. The test is skipped, with
// the reason, where namespaces cannot be made: not root, mmdebstrap missing.
func Boot(t testing.TB, opt Options) *Machine {
	t.Helper()
	m, err := Start(t.Context(), opt)
	var no Unavailable
	if errors.As(err, &no) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("journal of the machine:\n%s", m.Journal())
		}
		m.End()
	})
	return m
}

// Start boots a machine for a caller that is no test. The caller must End it; should the caller die first, the kernel
// ends it. The error is [Unavailable] where this cannot work at all.
func Start(ctx context.Context, opt Options) (*Machine, error) {
	if err := possible(); err != nil {
		return nil, err
	}
	root, err := makeRoot(ctx, opt.Packages)
	if err != nil {
		return nil, err
	}
	overlay, err := overlayTar(opt)
	if err != nil {
		return nil, err
	}
	m, err := launch(root, overlay)
	if err != nil {
		return nil, err
	}
	if err := m.waitBooted(ctx, opt.Degraded); err != nil {
		journal := m.Journal()
		m.End()
		return nil, fmt.Errorf("cannot boot the container: %w\n%s%s", err, m.console, journal)
	}
	return m, nil
}

// Pid is the machine's systemd as this machine's /proc shows it: its namespaces are below /proc/PID/ns.
func (m *Machine) Pid() int { return m.pid }

// Journal is the end of what the machine logged, for a person to read.
func (m *Machine) Journal() string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	res, err := m.run(ctx, nil, "journalctl", "--no-pager", "--output=short-monotonic", "--lines=300")
	if err != nil {
		return fmt.Sprintf("(no journal: %v)\n", err)
	}
	return res.Stdout + res.Stderr
}

// Command is the command that carries out argv inside the machine, for a caller that wants its own streams.
func (m *Machine) Command(ctx context.Context, argv ...string) *exec.Cmd {
	args := append([]string{
		"-t", strconv.Itoa(m.pid), "-m", "-u", "-i", "-n", "-p", "-C", "--",
		"env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
		"container=other",
	}, argv...)
	return exec.CommandContext(ctx, "nsenter", args...)
}

func (m *Machine) run(ctx context.Context, stdin io.Reader, argv ...string) (guest.Result, error) {
	var out, errs bytes.Buffer
	cmd := m.Command(ctx, argv...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &errs
	cmd.WaitDelay = 5 * time.Second // a daemon that kept our pipes must not hold the test
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) && !errors.Is(err, exec.ErrWaitDelay) {
		return guest.Result{}, errors.Join(err, ctx.Err())
	}
	return guest.Result{Stdout: out.String(), Stderr: errs.String(), Code: cmd.ProcessState.ExitCode()}, nil
}

// waitBooted returns once systemd calls itself running, or degraded by nothing but the units in allowed.
func (m *Machine) waitBooted(ctx context.Context, allowed []string) error {
	ctx, cancel := context.WithTimeout(ctx, bootLimit)
	defer cancel()
	for {
		res, err := m.run(ctx, nil, "systemctl", "is-system-running")
		state := strings.TrimSpace(res.Stdout)
		switch {
		case err == nil && state == "running":
			return nil
		case err == nil && state == "degraded":
			return m.onlyFailed(ctx, allowed)
		}
		select {
		case <-m.done:
			return errors.New("it ended before systemd was up")
		case <-ctx.Done():
			return fmt.Errorf("not running after %s, but %q (%s)", bootLimit, state, strings.TrimSpace(res.Stderr))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (m *Machine) onlyFailed(ctx context.Context, allowed []string) error {
	res, err := m.run(ctx, nil, "systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager")
	if err != nil {
		return err
	}
	for line := range strings.Lines(res.Stdout) {
		unit, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !slices.Contains(allowed, unit) {
			return fmt.Errorf("unit %s failed", unit)
		}
	}
	return nil
}
