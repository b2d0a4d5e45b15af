package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// RunAsTime is how long a program that is run as a user may take.
	RunAsTime = 2 * time.Second
	runAsEnd  = 10 * time.Second // for the kernel, to end what was killed: on a busy machine each has to be given a turn
)

// RunAs starts a program as a user, never as root, and returns what it has printed by the time that enough is true of
// that, that it closes its output, or that 2 s are over; at most 4 MiB. argv[0] is an absolute path.
//
// It is for programs that do what the user has written down somewhere. So it has a session of its own without a
// terminal, no input, no descriptor of ours but its output, the groups of the user, an environment of env alone, and
// can gain no privilege by what it runs (no_new_privs). When RunAs returns nothing of it runs any more: as their
// subreaper this process inherits whatever the program started and left, daemons included, and ends that. What a
// service of the user has started on its behalf is none of its children, and stays. So this process may start nothing
// else meanwhile.
func (h Host) RunAs(ctx context.Context, u Account, argv, env []string, enough func(said []byte) bool) ([]byte, error) {
	switch {
	case !h.Live():
		return nil, ErrNoKernel
	case u.UID == 0:
		return nil, ErrRoot
	case len(argv) == 0 || !path.IsAbs(argv[0]):
		return nil, errNoCommand
	}
	said, err := h.runAs(ctx, u, argv, env, enough)
	if err != nil {
		err = fmt.Errorf("cannot run %s as %s: %w", argv[0], u.Name, err)
	}
	return said, err
}

func (h Host) runAs(ctx context.Context, u Account, argv, env []string,
	enough func([]byte) bool,
) (said []byte, err error) {
	if err := closeOnExec(); err != nil {
		return nil, err
	}
	before, err := h.children()
	if err != nil {
		return nil, err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("PR_SET_CHILD_SUBREAPER: %w", err)
	}
	defer func() { err = errors.Join(err, unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)) }()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	attr := &os.ProcAttr{Dir: "/", Env: env, Files: []*os.File{null, w, null}, Sys: &syscall.SysProcAttr{
		Setsid: true, Pdeathsig: syscall.SIGKILL, Credential: u.credential(),
	}}
	p, release, err := startWeak(argv, attr)
	_ = w.Close()
	if err != nil {
		return nil, Cause(err)
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, RunAsTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = r.SetReadDeadline(time.Unix(1, 0)) })()
	said, err = readUntil(r, enough)
	if ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		err = ctx.Err()
	}
	return said, errors.Join(err, h.endAll(p, before))
}

// credential is nil for the user that this process is: nothing has to be changed then, and the kernel would refuse it.
func (u Account) credential() *syscall.Credential {
	if os.Geteuid() == u.UID {
		return nil
	}
	groups := make([]uint32, 0, len(u.Groups))
	for _, g := range u.Groups {
		groups = append(groups, uint32(g))
	}
	return &syscall.Credential{Uid: uint32(u.UID), Gid: uint32(u.GID), Groups: groups}
}

// startWeak starts a process that can gain no privilege, nor can any that it starts (prctl(2), PR_SET_NO_NEW_PRIVS).
// That is a property of the thread which forks, and for good: it must be one that does nothing else. It lives until
// release, since PR_SET_PDEATHSIG is about the end of a thread as well, and ends then: its goroutine never unlocks it.
func startWeak(argv []string, attr *os.ProcAttr) (p *os.Process, release func(), err error) {
	started, over := make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		if err = unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err == nil {
			p, err = os.StartProcess(argv[0], argv, attr)
		}
		close(started)
		<-over
	}()
	<-started
	return p, func() { close(over) }, err
}

// readUntil reads until enough is true of what was read, or there is no more.
func readUntil(r *os.File, enough func([]byte) bool) (said []byte, err error) {
	for chunk := make([]byte, 16<<10); ; {
		n, err := r.Read(chunk)
		said = append(said, chunk[:n]...)
		switch {
		case enough(said):
			return said, nil
		case len(said) > programOutput:
			return nil, ErrTooMuchOutput
		case n == 0 && err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			return said, nil // all of them have closed it
		case err != nil:
			return said, err
		}
	}
}

// endAll ends p, and after it whatever becomes a child of this process that was not one before.
func (h Host) endAll(p *os.Process, before map[int]bool) error {
	ended := make(chan error, 1)
	go func() {
		_ = p.Kill()
		_, _ = p.Wait()
		for {
			// A process that has died has handed on its children by the time that it can be waited for.
			list, err := h.children()
			for pid := range list {
				if before[pid] {
					delete(list, pid)
					continue
				}
				_ = unix.Kill(pid, unix.SIGKILL)
			}
			for pid := range list { // all of them die at the same time
				_, _ = retry(func() (int, error) { return unix.Wait4(pid, nil, 0, nil) })
			}
			if err != nil || len(list) == 0 {
				ended <- err
				return
			}
		}
	}()
	select {
	case err := <-ended:
		return err
	case <-time.After(runAsEnd):
		return errors.New("what it has started cannot be ended: it waits for a disk or a network file system")
	}
}

// children are the processes whose parent is this one, those that have ended and were not waited for included.
func (h Host) children() (map[int]bool, error) {
	names, err := h.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	list, self := map[int]bool{}, os.Getpid()
	for _, name := range names {
		pid := leadingNumber(name)
		if pid <= 0 {
			continue
		}
		if stat, err := readProcStat(pid); err == nil && stat.parent == self {
			list[pid] = true
		}
	}
	return list, nil
}
