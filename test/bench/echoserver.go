package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/bench"
)

// The rows that others are compared with.
const (
	rowServer    = "tcptune-server, loop"
	rowGoroutine = "tcptune-server, goroutine"
	rowNet       = "net, plain"
	rowC         = "C, epoll"
)

// echoServer is a program that answers each byte with itself on echoAddress.
type echoServer struct {
	name string
	argv []string
	env  []string // besides ours
}

// speaking is the server with the arguments for a protocol; false: it only sends back what it gets.
func (s echoServer) speaking(protocol bench.Protocol) (echoServer, bool) {
	if s.name != rowServer && s.name != rowGoroutine {
		return s, protocol == bench.Raw
	}
	name := string(protocol)
	if protocol == bench.Raw {
		name = "echo"
	}
	s.argv = slices.Concat(s.argv, []string{"--protocol", name})
	return s, true
}

// echoServers lists ours, with its limits and metrics on, and those that make builds below others. What could not be
// built, for lack of a compiler or of the network, is missing.
func echoServers(tcptune, others string) (there, missing []echoServer) {
	at := echoAddress.String()
	ours := func(engine string) []string {
		return []string{tcptune, "--listen", at, "--admin", adminAddress, "--max-conns", "16000", "--engine", engine}
	}
	for _, s := range []echoServer{
		{name: rowServer, argv: ours("loop")},
		{name: rowGoroutine, argv: ours("goroutine")},
		{name: rowNet, argv: []string{filepath.Join(others, "net"), at}},
		{name: "cloudwego/netpoll", argv: []string{filepath.Join(others, "netpoll"), at}},
		{name: rowC, argv: []string{filepath.Join(others, "epoll"), at}},
	} {
		if _, err := os.Stat(s.argv[0]); err != nil {
			missing = append(missing, s)
		} else {
			there = append(there, s)
		}
	}
	return there, missing
}

// echoProcess is a server that runs.
type echoProcess struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer // complete once ended is closed
	ended  chan struct{}
}

// start runs the server on these cores, of which it knows no others, and returns when it accepts at address.
func (s echoServer) start(address netip.AddrPort, only ...int) (*echoProcess, error) {
	p := &echoProcess{cmd: exec.Command(s.argv[0], s.argv[1:]...), ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), s.env...), &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := onCores(only, p.cmd.Start); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // most often "signal: killed"
		close(p.ended)
	}()
	if err := p.await(address, 5*time.Second); err != nil {
		return nil, errors.Join(fmt.Errorf("does not accept: %w", err), p.stop(true))
	}
	return p, nil
}

// await returns when the server accepts, and fails when it ends or takes longer than patience.
func (p *echoProcess) await(address netip.AddrPort, patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; {
		c, err := net.Dial("tcp", address.String())
		if err == nil {
			return c.Close()
		}
		select {
		case <-p.ended:
			return errors.New("ended")
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

// stop ends the server, and returns what it said as an error when something went wrong.
func (p *echoProcess) stop(wrong bool) error {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.ended
	if wrong && p.stderr.Len() > 0 {
		return errors.New(strings.TrimSpace(p.stderr.String()))
	}
	return nil
}

// echoClock is what two looks at a server differ in.
type echoClock struct {
	cpu    time.Duration // user and system time of the server
	own    time.Duration // and of this process, which is the client
	waited time.Duration // of the server, and of the thread that asks
}

func (p *echoProcess) clock() (c echoClock, err error) {
	if c.cpu, err = cpuTime(p.cmd.Process.Pid); err != nil {
		return c, err
	}
	if c.own, err = cpuTime(os.Getpid()); err != nil {
		return c, err
	}
	server, err := waited(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err != nil {
		return c, err
	}
	client, err := waited("/proc/thread-self/schedstat")
	c.waited = server + client
	return c, err
}

// cpuTime returns the user and system time of all threads, by the clock of the process (see clock_getcpuclockid(3)).
func cpuTime(pid int) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED of the kernel's posix-timers
	var ts unix.Timespec
	err := unix.ClockGettime(int32(^pid)<<3|scheduled, &ts)
	return time.Duration(ts.Nano()), err
}
