package portcheck

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// witness looks at a port by means of its own, which have nothing in common with what is tested: it reads the text files of
// /proc, and asks the kernel by listening.
type witness struct{ port int }

// listeners are the inodes of the sockets that listen on the port.
func (w witness) listeners() (inodes []string) {
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		for _, line := range strings.Split(string(text), "\n") {
			f := strings.Fields(line)
			if len(f) > 9 && f[3] == "0A" && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", w.port)) {
				inodes = append(inodes, f[9])
			}
		}
	}
	return inodes
}

// holders are the processes with a descriptor that leads to one of them, each once.
func (w witness) holders() (list []int) {
	inodes := w.listeners()
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		to, _ := os.Readlink(link)
		inode := strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")
		pid, _ := strconv.Atoi(strings.Split(link, "/")[2])
		if slices.Contains(inodes, inode) && !slices.Contains(list, pid) {
			list = append(list, pid)
		}
	}
	slices.Sort(list)
	return list
}

// objects says why the port is not free, "" where it is: a server listens there for a moment.
func (w witness) objects() string {
	if inodes := w.listeners(); len(inodes) > 0 {
		return fmt.Sprintf("sockets %s listen, of %v", inodes, w.holders())
	}
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", w.port))
	if err != nil {
		return err.Error()
	}
	_ = l.Close()
	return ""
}

// lives reports whether a process runs, and has not merely been left unburied.
func (w witness) lives(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// bury takes the exit statuses of processes whose parents have ended: this test is PID 1 of its room.
func bury() {
	for {
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
			return
		}
	}
}
