package host

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// Companion is a process that runs this program, for a part of its work that needs a process of its own.
type Companion struct {
	cmd           *exec.Cmd
	in            io.WriteCloser
	out, complain bytes.Buffer
}

// StartSelf starts this program once more with args. It reads input on its standard input, and the end of that when it is
// to end: also when this process is gone, however that came about. Files are its descriptors from 3 on. It is
// [ErrNoKernel] on an image.
func (h Host) StartSelf(args []string, input []byte, files ...*os.File) (*Companion, error) {
	if !h.Live() {
		return nil, ErrNoKernel
	}
	c := &Companion{cmd: exec.Command("/proc/self/exe", args...)}
	c.cmd.Args[0] = os.Args[0] // by which some programs know what they are
	c.cmd.Dir, c.cmd.ExtraFiles, c.cmd.Stdout, c.cmd.Stderr = "/", files, &c.out, &c.complain
	c.cmd.Env = []string{"PATH=" + programPath, "LC_ALL=C"}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us, who then end it
	in, err := c.cmd.StdinPipe()
	if err == nil {
		c.in, err = in, c.cmd.Start()
	}
	if err == nil {
		_, err = in.Write(input)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot start a process of our own: %w", Cause(err))
	}
	return c, nil
}

// End has c end, and returns what it has printed.
func (c *Companion) End() ([]byte, error) {
	_ = c.in.Close()
	if err := c.cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%s: %w", strings.TrimSpace(c.complain.String()), err)
	}
	return c.out.Bytes(), nil
}

// Abandoned are the processes that [Host.StartSelf] has started with args for a process that is gone: programs of the
// name of ours whose parent is none. Each has to be closed.
func (h Host) Abandoned(args ...string) (list []*Process, err error) {
	names, err := h.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	own := h.programName(strconv.Itoa(os.Getpid()))
	for _, name := range names {
		pid := leadingNumber(name)
		if pid <= 0 || !h.isCompanion(name, own, args) {
			continue
		}
		p, err := h.OpenProcess(pid) // held from here on, and looked at once more
		if err != nil {
			continue
		}
		stat, err := readProcStat(pid)
		if err == nil && h.isCompanion(name, own, args) && h.programName(strconv.Itoa(stat.parent)) != own {
			list = append(list, p)
			continue
		}
		_ = p.Close()
	}
	return list, nil
}

func (h Host) isCompanion(pid, program string, args []string) bool {
	line, err := h.ReadFile("/proc/" + pid + "/cmdline")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(line), "\x00")
	return rest == strings.Join(args, "\x00")+"\x00" && h.programName(pid) == program
}

// programName is the name of the program that a process runs, also after that was replaced by a newer one.
func (h Host) programName(pid string) string {
	link, _ := h.Readlink("/proc/" + pid + "/exe")
	return path.Base(strings.TrimSuffix(link, " (deleted)"))
}
