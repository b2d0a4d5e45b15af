package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The load of the comparison: a machine with this much to look through.
const (
	crowdProcesses = 400
	crowdSockets   = 26000
	crowdFiles     = 10000
	portPlain      = "8080" // held by a process of the crowd
	portGrouped    = "8081" // held by a process in a control group of its own
)

// beCrowd is one process of the crowd: it opens what it is told to, says so, and waits to be killed.
func beCrowd(listen string) error {
	if err := connect(crowdSockets / crowdProcesses); err != nil {
		return err
	}
	for range crowdFiles / crowdProcesses {
		if _, err := unix.Open(os.DevNull, unix.O_RDONLY, 0); err != nil {
			return err
		}
	}
	if listen != "none" {
		l, err := net.Listen("tcp", ":"+listen)
		if err != nil {
			return err
		}
		go func() { _, _ = l.Accept() }()
	}
	fmt.Println("ready")
	_, err := os.Stdin.Read(make([]byte, 1)) // ends with the bench
	return err
}

// connect opens this many sockets: a listener, and both ends of connections to it.
func connect(sockets int) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	for range (sockets - 1) / 2 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return err
		}
		s, err := l.Accept()
		if err != nil {
			return err
		}
		// No finalizer may close what nobody uses any more.
		for _, end := range []net.Conn{c, s} {
			f, err := end.(*net.TCPConn).File()
			if err != nil {
				return err
			}
			if _, err := unix.Dup(int(f.Fd())); err != nil {
				return err
			}
			if err := errors.Join(f.Close(), end.Close()); err != nil {
				return err
			}
		}
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	_, err = unix.Dup(int(f.Fd()))
	return errors.Join(err, f.Close(), l.Close())
}

// gather starts the crowd, and waits until all are ready. They end with this process, whose PID namespace they are in.
func gather() (leave func(), err error) {
	group, err := makeGroup()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: no control group of its own for a process:", err)
	}
	leave = func() {
		if group != nil {
			_ = group.Close()
			_ = os.Remove(group.Name())
		}
	}
	var lines []*bufio.Reader
	for i := range crowdProcesses {
		listen := map[int]string{0: portPlain, 1: portGrouped}[i]
		if listen == "" {
			listen = "none"
		}
		in := group
		if listen != portGrouped {
			in = nil
		}
		cmd, ready, err := startCrowd("/proc/self/exe", listen, in)
		if err != nil {
			return leave, err
		}
		inner := leave
		leave = func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			inner()
		}
		lines = append(lines, ready)
	}
	for _, r := range lines {
		if line, err := r.ReadString('\n'); line != "ready\n" {
			return leave, fmt.Errorf("a process of the crowd says %q: %w", line, err)
		}
	}
	return leave, nil
}

// startCrowd starts a process of the crowd, in a control group or, where that is nil, in ours. It says when it is ready.
func startCrowd(program, listen string, group *os.File) (cmd *exec.Cmd, ready *bufio.Reader, err error) {
	cmd = exec.Command(program, "-crowd", listen)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if group != nil {
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(group.Fd())
	}
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	return cmd, bufio.NewReader(out), cmd.Start()
}

// makeGroup makes a control group of version 2.
func makeGroup() (*os.File, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(mounts)) {
		before, after, _ := strings.Cut(line, " - ")
		if fields := strings.Fields(before); strings.HasPrefix(after, "cgroup2 ") && len(fields) > 4 {
			dir, err := os.MkdirTemp(fields[4], "tcptune-bench-")
			if err != nil {
				return nil, err
			}
			return os.Open(filepath.Clean(dir))
		}
	}
	return nil, os.ErrNotExist
}
