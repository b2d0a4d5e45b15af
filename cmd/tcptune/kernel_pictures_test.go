package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestKernelPicturesOfPorts holds testdata/pictures-port.txt, which is what a terminal of 80 columns shows of ports. The
// numbers of processes stand there as words. UPDATE=1 writes the pictures anew.
func TestKernelPicturesOfPorts(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	runtime.LockOSThread() // for good: what this thread starts is in its control group namespace, where every group is /
	r.check(unix.Unshare(unix.CLONE_NEWCGROUP))
	for pid := 0; pid < 100; { // all that follow have three digits
		cmd := exec.Command("true")
		r.check(cmd.Run())
		pid = cmd.Process.Pid
	}
	const file = "testdata/pictures-port.txt"
	words := map[string]string{}
	var got strings.Builder
	show := func(line string) {
		args := strings.Fields(line)
		text := pictureOf(t, exec.Command(args[0], args[1:]...))
		for pid, word := range words {
			text = regexp.MustCompile(`\b`+pid+`\b`).ReplaceAllString(text, word)
		}
		fmt.Fprintf(&got, "$ %s\n%s\n", line, regexp.MustCompile(`\d+s ago`).ReplaceAllString(text, "0s ago"))
	}
	hold := func(word, program string, sockets ...*os.File) *exec.Cmd {
		cmd := exec.Command(program, "1000")
		cmd.ExtraFiles, cmd.Dir = sockets, "/run"
		r.check(cmd.Start())
		go func() { _ = cmd.Wait() }() // nobody else would take its exit status
		for _, f := range sockets {
			r.check(f.Close())
		}
		words[fmt.Sprint(cmd.Process.Pid)] = word
		return cmd
	}

	show("tcptune port 8080")
	hold("PID", "sleep", r.socketAt("127.0.0.1:8080", true), r.socketAt("127.0.0.1:8081", true))
	stopped := hold("STP", "sleep", r.socketAt("127.0.0.1:8082", true))
	r.check(stopped.Process.Signal(unix.SIGSTOP))
	for state := ""; !strings.HasPrefix(state, "T"); {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", stopped.Process.Pid))
		r.check(err)
		_, state, _ = strings.Cut(string(text), ") ")
	}
	for _, line := range []string{
		"tcptune port", "tcptune port 8080", "tcptune port 8080 --expect free", "tcptune port 8080 --pids",
		"tcptune port 8080 --kill --dry-run", "tcptune port 8080,8082,8083 --kill", "tcptune port 8080 --kill",
	} {
		show(line)
	}
	hold("BND", "sleep", r.socketAt("127.0.0.1:8080", false))
	for _, line := range []string{
		"tcptune port 8080", "tcptune port 8080 --kill", "tcptune port 8080 --kill --bound --dry-run", "tcptune port 8080 --kill --bound",
	} {
		show(line)
	}
	server := hold("SRV", "sleep", r.socketAt("127.0.0.1:80", true))
	client := r.socketAt("127.0.0.1:8080", false)
	r.check(unix.Connect(int(client.Fd()), &unix.SockaddrInet4{Port: 80, Addr: [4]byte{127, 0, 0, 1}}))
	hold("CLI", "sleep", client)
	for _, line := range []string{
		"tcptune port 8080", "tcptune port 8080 --kill", "tcptune port 8080 --kill --close --dry-run", "tcptune port 8080 --kill --close",
		"tcptune port 8080 --kill --bound",
	} {
		show(line)
	}
	r.check(server.Process.Kill())

	sleep, err := exec.LookPath("sleep")
	r.check(err)
	program, err := os.ReadFile(sleep)
	r.check(err)
	sshd := filepath.Join("/run", "sshd")
	r.check(os.WriteFile(sshd, program, 0o755))
	hold("SSH", sshd, r.socketAt("127.0.0.1:22", true))
	show("tcptune port ssh --kill")
	show("tcptune port 22,8080 --kill --dry-run")

	if os.Getenv("UPDATE") != "" {
		r.check(os.WriteFile(file, []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	r.check(err)
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("wanted (-) and got (+):\n%s", diff)
	}
}

// socketAt is bound to an address, and listens or not.
func (r room) socketAt(address string, listens bool) *os.File {
	r.Helper()
	at, err := net.ResolveTCPAddr("tcp", address)
	r.check(err)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	r.check(err)
	r.check(unix.Bind(fd, &unix.SockaddrInet4{Port: at.Port, Addr: [4]byte(at.IP.To4())}))
	if listens {
		r.check(unix.Listen(fd, 16))
	}
	return os.NewFile(uintptr(fd), address)
}
