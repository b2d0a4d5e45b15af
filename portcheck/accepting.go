package portcheck

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// A thread that waits for a client in accept(2) keeps its socket, although the descriptor is closed. The kernel names
// the descriptor that it was called with in /proc/PID/task/TID/syscall, see proc_pid_syscall(5).

// accepting are the threads of a process that wait in accept(2) on a descriptor that leads to no socket any more.
func accepting(pid int) (found []Descriptor) {
	dir := "/proc/" + strconv.Itoa(pid)
	tasks, err := os.ReadDir(dir + "/task")
	if err != nil {
		return nil // it has ended
	}
	for _, task := range tasks {
		tid, _ := strconv.Atoi(task.Name())
		text, err := (host.Host{}).ReadFile(dir + "/task/" + task.Name() + "/syscall")
		if err != nil {
			continue
		}
		var call, fd int
		n, _ := fmt.Sscanf(string(text), "%d 0x%x", &call, &fd) // "running", for one that is in no system call
		if n < 2 || call != unix.SYS_ACCEPT && call != unix.SYS_ACCEPT4 {
			continue
		}
		link, _ := os.Readlink(fmt.Sprintf("%s/task/%d/fd/%d", dir, tid, fd))
		if !strings.HasPrefix(link, "socket:[") {
			found = append(found, Descriptor{Pid: pid, Tid: tid, FD: fd, Way: Accepting})
		}
	}
	return found
}

// allAccepting are those of all processes.
func allAccepting() (found []Descriptor) {
	for _, pid := range pids() {
		found = append(found, accepting(pid)...)
	}
	return found
}
