package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/trail"
)

// Process is a process held fast by a file descriptor (pidfd_open(2), Linux 5.3): a number that the kernel gives to
// another process later is never mistaken for it. Where the kernel or a seccomp filter has no pidfd, the start time is
// compared right before each act instead, which leaves a gap of microseconds; [Process.Pinned] tells.
// Several goroutines may use one, but none after Close.
type Process struct {
	pid    int
	start  uint64
	fd     int // the pidfd, -1 where there is none and after Close
	pinned bool
	trail  trail.Trail
}

// goneError is fs.ErrNotExist in words that fit a process.
type goneError struct{ pid int }

func (e goneError) Error() string      { return "process " + itoa(e.pid) + " does not exist" }
func (goneError) Is(target error) bool { return target == fs.ErrNotExist }

// OpenProcess takes hold of a process, not of a thread. One that does not exist is fs.ErrNotExist; one that /proc hides
// (hidepid=, see proc(5)) is os.ErrPermission; an image is [ErrNoKernel]. A zombie can be opened, and is not Alive.
func (h Host) OpenProcess(pid int) (*Process, error) {
	if !h.Live() {
		return nil, ErrNoKernel
	}
	if pid <= 0 { // kill(2) has other meanings for these
		return nil, goneError{pid}
	}
	p := &Process{pid: pid, fd: -1, trail: h.trail}
	fd, err := retry(func() (int, error) { return unix.PidfdOpen(pid, 0) })
	switch {
	case err == nil:
		p.fd, p.pinned = fd, true
	case noSuchTask(err):
		return nil, goneError{pid}
	case !notOffered(err):
		return nil, fmt.Errorf("cannot open process %d: %w", pid, err)
	}
	if err := p.readStart(); err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

// readStart comes after pidfd_open(2), and then looks whether the process that the pidfd holds was there all the time:
// only then the number in /proc was its own.
func (p *Process) readStart() error {
	stat, err := readProcStat(p.pid)
	if p.pinned && errors.Is(unix.PidfdSendSignal(p.fd, 0, nil, 0), unix.ESRCH) {
		return goneError{p.pid}
	}
	if p.pinned && errors.Is(err, fs.ErrNotExist) {
		err = os.ErrPermission
	}
	if errors.Is(err, fs.ErrNotExist) {
		return goneError{p.pid}
	}
	if err != nil {
		return fmt.Errorf("cannot look at process %d: %w", p.pid, err)
	}
	p.start = stat.start
	return nil
}

// noSuchTask is what pidfd_open(2) says of a number that no process has, or that is a thread's: EINVAL before Linux
// 6.16, ENOENT since.
func noSuchTask(err error) bool {
	return errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT)
}

// notOffered tells that a system call is not there. pidfd_open(2) asks for no permission, so EPERM comes from the
// seccomp filter of a container older than the call.
func notOffered(err error) bool { return errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) }

// Pid is the number of the process.
func (p *Process) Pid() int { return p.pid }

// Start is when the process started, in ticks of 10 ms since the boot of the machine: field 22 of proc_pid_stat(5).
func (p *Process) Start() uint64 { return p.start }

// Pinned reports whether the kernel holds the process for us.
func (p *Process) Pinned() bool { return p.pinned }

// Close lets go of the process, which lives on.
func (p *Process) Close() error {
	fd := p.fd
	p.fd = -1
	if fd < 0 {
		return nil
	}
	return unix.Close(fd)
}

// Alive reports whether a thread of the process still runs. A zombie does not, unless only its first thread is one.
// It needs no permission.
func (p *Process) Alive() bool {
	// Where the kernel cannot tell, the process is not declared dead: that would promise a free port.
	exited, _ := p.exited(0)
	return !exited
}

// Signal sends a signal to the process and to nobody else. It is fs.ErrNotExist when the process has exited, also if
// its parent has not noticed yet, and os.ErrPermission when it belongs to somebody else. Signal 0 only asks.
func (p *Process) Signal(sig unix.Signal) (err error) {
	name := unix.SignalName(sig)
	if name == "" {
		name = "signal " + itoa(int(sig))
	}
	defer p.trail.Did("signals", &err, slog.Int("pid", p.pid), slog.String("signal", name), slog.Bool("pidfd", p.pinned))
	exited, err := p.exited(0)
	switch {
	case exited:
		err = unix.ESRCH
	case err != nil:
	case p.pinned:
		err = unix.PidfdSendSignal(p.fd, sig, nil, 0)
	default:
		err = unix.Kill(p.pid, sig)
	}
	if errors.Is(err, unix.ESRCH) {
		err = goneError{p.pid}
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot send %s to process %d: %w", name, p.pid, err)
}

// exitSlice bounds how long the end of a context goes unnoticed.
const exitSlice = 50 * time.Millisecond

// Wait returns nil when the last thread of the process has exited, and the error of ctx when that comes first. It tells
// the end of the process at once, and that of ctx within 50 ms.
func (p *Process) Wait(ctx context.Context) error {
	for {
		exited, err := p.exited(exitSlice)
		switch {
		case exited:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("cannot wait for process %d: %w", p.pid, err)
		}
	}
}

// exited waits up to the given time for the end of the whole thread group.
func (p *Process) exited(within time.Duration) (bool, error) {
	if !p.pinned {
		return p.startDiffers(within)
	}
	if p.fd < 0 {
		return false, os.ErrClosed
	}
	// A pidfd is readable once all threads have exited, whether the parent has noticed or not (pidfd_poll in
	// kernel/pidfd.c, fs/pidfs.c).
	fds := []unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int(within.Milliseconds()))
	if errors.Is(err, unix.EINTR) { // Go's runtime interrupts its own threads; the caller comes back where it waits
		n, err = unix.Poll(fds, 0)
	}
	return n > 0, err
}

// startDiffers is exited without a pidfd.
func (p *Process) startDiffers(within time.Duration) (bool, error) {
	stat, err := readProcStat(p.pid)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case stat.start != p.start || stat.dead():
		return true, nil
	}
	time.Sleep(within)
	return false, nil
}

// HoldsSocket proves that this process, and no other of the same number, still has the socket open in its thread tid as
// descriptor fd. Inode is that of the socket; cookie is its SO_COOKIE, as sock_diag shows it, or 0 when not known.
// Both, because the kernel hands out inode numbers of 32 bits and starts again after the last (get_next_ino in
// fs/inode.c), while a cookie is never given twice in a boot. Where pidfd_getfd(2) is missing or not permitted, the
// inode has to do. It is false as soon as any of it is not so, os.ErrPermission when we may not look.
func (p *Process) HoldsSocket(tid, fd int, inode, cookie uint64) (bool, error) {
	holds, err := p.seesSocket(tid, fd, inode, cookie)
	p.trail.Step("proves", slog.Int("pid", p.pid), slog.Int("fd", fd), slog.Uint64("inode", inode),
		slog.Uint64("cookie", cookie), slog.Bool("holds", holds), trail.Failed(err))
	// What was read under the number of the process was its own if it has not exited by now.
	exited, errExit := p.exited(0)
	switch {
	case exited:
		return false, nil
	case err == nil:
		err = errExit
	}
	if err != nil {
		return false, fmt.Errorf("cannot look into process %d: %w", p.pid, err)
	}
	return holds, nil
}

func (p *Process) seesSocket(tid, fd int, inode, cookie uint64) (bool, error) {
	thread, err := p.openThread(tid) // before the link, so that the link proves whose thread this is
	if noSuchTask(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if thread >= 0 && thread != p.fd {
		defer unix.Close(thread)
	}
	link, err := os.Readlink("/proc/" + itoa(p.pid) + "/task/" + itoa(tid) + "/fd/" + itoa(fd))
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH):
		return false, nil
	case err != nil:
		return false, Cause(err)
	case link != "socket:["+strconv.FormatUint(inode, 10)+"]":
		return false, nil
	case cookie == 0 || thread < 0:
		return true, nil
	}
	return hasCookie(thread, fd, cookie)
}

// pidfdThread is PIDFD_THREAD of include/uapi/linux/pidfd.h, Linux 6.9.
const pidfdThread = unix.O_EXCL

// openThread returns the pidfd through which the descriptors of a thread can be had: that of the process for its first
// thread, which another one must not borrow, because the first may have exited or a thread may have a table of its own
// (CLONE_FILES of clone(2)). It is -1 where the kernel has none.
func (p *Process) openThread(tid int) (int, error) {
	if tid == p.pid || !p.pinned {
		return p.fd, nil
	}
	fd, err := retry(func() (int, error) { return unix.PidfdOpen(tid, pidfdThread) })
	if errors.Is(err, unix.EINVAL) || notOffered(err) {
		return -1, nil
	}
	return fd, err
}

// hasCookie duplicates the descriptor, asks it, and closes it at once: a duplicate of a listener keeps its port busy.
// pidfd_getfd(2) sets close-on-exec by itself.
func hasCookie(pidfd, fd int, cookie uint64) (bool, error) {
	dup, err := retry(func() (int, error) { return unix.PidfdGetfd(pidfd, fd, 0) })
	switch {
	case notOffered(err): // it needs more than the link: Yama's ptrace_scope forbids it to all but root
		return true, nil
	case errors.Is(err, unix.EBADF) || errors.Is(err, unix.ESRCH):
		return false, nil
	case err != nil:
		return false, err
	}
	got, err := unix.GetsockoptUint64(dup, unix.SOL_SOCKET, unix.SO_COOKIE)
	protocol, errProtocol := unix.GetsockoptInt(dup, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	_ = unix.Close(dup)
	// Programs in Go listen with Multipath TCP by themselves. The kernel lists the subflow, which has the inode of the
	// socket and a cookie of its own: there the link decides alone.
	if errProtocol == nil && protocol == unix.IPPROTO_MPTCP {
		return true, nil
	}
	if errors.Is(err, unix.ENOTSOCK) {
		return false, nil
	}
	return err == nil && got == cookie, err
}

// procStat is what we need of /proc/PID/stat, see proc_pid_stat(5).
type procStat struct {
	state   byte   // 'Z' for a process whose first thread has exited
	parent  int    // 0 for one of another PID namespace
	threads int    // the first thread counts until its parent has noticed
	start   uint64 // ticks of 10 ms since boot
}

// dead is true for a process of which nothing but the entry in the table of processes is left.
func (s procStat) dead() bool { return (s.state == 'Z' || s.state == 'X') && s.threads <= 1 }

func readProcStat(pid int) (procStat, error) {
	file := "/proc/" + itoa(pid) + "/stat"
	data, err := Host{}.ReadFile(file)
	if errors.Is(err, unix.ESRCH) { // it exited between open(2) and read(2)
		return procStat{}, fs.ErrNotExist
	}
	if err != nil {
		return procStat{}, Cause(err)
	}
	stat, ok := parseProcStat(data)
	if !ok {
		return procStat{}, fmt.Errorf("%s cannot be understood", file)
	}
	return stat, nil
}

// parseProcStat reads "7 (name) S 1 7 …". The name is the program's own choice, spaces and parentheses included.
func parseProcStat(text []byte) (stat procStat, ok bool) {
	const state, parent, threads, start = 0, 1, 17, 19 // fields 3, 4, 20 and 22: two stand before, and they count from 1
	end := bytes.LastIndexByte(text, ')')
	fields := bytes.Fields(text[end+1:])
	if end < 0 || len(fields) <= start || len(fields[state]) != 1 {
		return procStat{}, false
	}
	stat.state = fields[state][0]
	var errParent, errThreads, errStart error
	stat.parent, errParent = strconv.Atoi(string(fields[parent]))
	stat.threads, errThreads = strconv.Atoi(string(fields[threads]))
	stat.start, errStart = strconv.ParseUint(string(fields[start]), 10, 64)
	if errParent != nil || errThreads != nil || errStart != nil {
		return procStat{}, false
	}
	return stat, true
}
