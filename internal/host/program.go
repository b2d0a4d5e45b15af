package host

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path"
	"strings"
	"syscall"
	"time"

	"github.com/tcptune/tcptune/internal/trail"
)

// programPath is where programs are looked for, whatever PATH the caller has: tcptune runs as root, and a PATH that
// sudo or cron handed down is not to decide what root runs. /usr/local is left out for the same reason.
const programPath = "/usr/sbin:/usr/bin:/sbin:/bin"

const (
	programTime   = 30 * time.Second // for programs whose caller sets no time
	programOutput = 4 << 20          // bytes of standard output
	programErrors = 16 << 10         // bytes of standard error that are kept
)

// ErrTooMuchOutput is returned by [Host.RunProgram] when a program prints more than 4 MiB.
var ErrTooMuchOutput = errors.New("it printed more than 4 MiB")

// ProgramError is what [Host.RunProgram] returns when the program ran and failed.
type ProgramError struct {
	Name   string // as it was called
	Code   int    // its exit status, -1 when a signal ended it
	State  string // "exit status 1", "signal: killed"
	Stderr string // what it said, at most 16 KiB, without surrounding space
}

// Error is one line: the last of what the program said, or else how it ended.
func (e *ProgramError) Error() string {
	said := e.Stderr[strings.LastIndexByte(e.Stderr, '\n')+1:]
	if said == "" {
		return "cannot run " + e.Name + ": " + e.State
	}
	return "cannot run " + e.Name + ": " + e.State + ": " + said
}

// Program is a program of the running machine, and how to run it.
type Program struct {
	Name string // an absolute path, or a bare name: it is looked up in /usr/sbin, /usr/bin, /sbin and /bin only
	Args []string
	Env  []string      // "NAME=value", beside PATH and LC_ALL=C, which it may replace
	Dir  string        // where it runs, "/" when empty
	Time time.Duration // how long it may take, 30 seconds when 0
	// Unprivileged: as user and group [Nobody], without other groups, when this process is root.
	Unprivileged bool
	User         int // with Unprivileged: as this user and group, see [Host.TransientUser]; [Nobody] when 0

	Files map[string]string // texts by name, in a folder of their own that only this user can open: it runs there, and all is removed
	Both  bool              // what it prints to standard error is returned as well
}

// Nobody is the number of the user and the group that own nothing, "nobody" and "nogroup" on Debian and Ubuntu.
const Nobody = 65534

// Run is [Host.RunProgram] with nothing but a name and arguments.
func (h Host) Run(ctx context.Context, name string, args ...string) (stdout []byte, err error) {
	return h.RunProgram(ctx, Program{Name: name, Args: args})
}

// RunProgram starts a program and returns what it printed, at most 4 MiB. It gets no input, and a process group of its
// own, which is killed as a whole when ctx ends or its time is over.
// A program that fails is a [*ProgramError], one that does not exist fs.ErrNotExist; an image is [ErrNoKernel].
func (h Host) RunProgram(ctx context.Context, p Program) (stdout []byte, err error) {
	defer h.trail.Waits(p.Name)()
	since := time.Now()
	stdout, err = h.runProgram(ctx, p)
	if h.trail.On() {
		h.trail.Step("runs", slog.String("program", p.Name), slog.Any("args", p.Args),
			trail.Came("bytes", len(stdout), err), slog.Duration("took", time.Since(since)))
	}
	return stdout, err
}

func (h Host) runProgram(ctx context.Context, p Program) (stdout []byte, err error) {
	if !h.Live() {
		return nil, ErrNoKernel
	}
	name := p.Name
	file, err := h.lookProgram(name)
	if err != nil {
		return nil, fmt.Errorf("cannot run %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(p.Time, programTime))
	defer cancel()

	cmd := exec.CommandContext(ctx, file, p.Args...)
	cmd.Env = append([]string{"PATH=" + programPath, "LC_ALL=C"}, p.Env...)
	cmd.Dir = cmp.Or(p.Dir, "/")
	if p.Files != nil {
		if cmd.Dir, err = scratch(p.Files); err != nil {
			return nil, fmt.Errorf("cannot run %s: %w", name, Cause(err))
		}
		defer os.RemoveAll(cmd.Dir)
	}
	out, said := &limited{left: programOutput, full: ErrTooMuchOutput}, &limited{left: programErrors}
	cmd.Stdout, cmd.Stderr = out, io.Writer(said)
	if p.Both {
		cmd.Stderr = out
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if p.Unprivileged && os.Geteuid() == 0 {
		id := uint32(cmp.Or(p.User, Nobody))
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: id, Gid: id}
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // a grandchild may hold the pipes open

	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("cannot run %s: stopped: %w", name, ctx.Err())
	case out.overflow:
		return nil, fmt.Errorf("cannot run %s: %w", name, ErrTooMuchOutput)
	case errors.As(err, &exit):
		return out.buf.Bytes(), &ProgramError{name, exit.ExitCode(), exit.String(), strings.TrimSpace(said.buf.String())}
	case err != nil:
		return nil, fmt.Errorf("cannot run %s: %w", name, Cause(err))
	}
	return out.buf.Bytes(), nil
}

// scratch makes a folder that holds files.
func scratch(files map[string]string) (dir string, err error) {
	if dir, err = os.MkdirTemp("/tmp", "tcptune-"); err != nil {
		return "", err
	}
	for name, text := range files {
		if err := os.WriteFile(path.Join(dir, name), []byte(text), 0o600); err != nil {
			return "", errors.Join(err, os.RemoveAll(dir))
		}
	}
	return dir, nil
}

// lookProgram returns the absolute path of a program. Relative paths are refused: they depend on who calls from where.
func (h Host) lookProgram(name string) (string, error) {
	if path.IsAbs(name) {
		return name, h.runnable(name)
	}
	if name == "" || strings.Contains(name, "/") {
		return "", errors.New("neither an absolute path nor the name of a program")
	}
	for dir := range strings.SplitSeq(programPath, ":") {
		if file := path.Join(dir, name); h.runnable(file) == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("%w in %s", os.ErrNotExist, programPath)
}

func (h Host) runnable(file string) error {
	fi, err := h.Stat(file)
	switch {
	case err != nil:
		return Cause(err)
	case !fi.Mode().IsRegular() || fi.Mode()&0o111 == 0:
		return os.ErrPermission
	}
	return nil
}

// limited keeps what fits. Beyond that it returns full, which ends the copying and so the program; without one the rest
// is dropped.
type limited struct {
	buf      bytes.Buffer // not embedded: io.Copy would find its ReadFrom and pass by Write
	left     int
	full     error
	overflow bool
}

func (l *limited) Write(p []byte) (int, error) {
	keep := min(len(p), l.left)
	l.left -= keep
	_, _ = l.buf.Write(p[:keep])
	if keep < len(p) {
		l.overflow = true
		if l.full != nil {
			return keep, l.full
		}
	}
	return len(p), nil
}
