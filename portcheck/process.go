package portcheck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/shirou/gopsutil/v3/common"
	"github.com/shirou/gopsutil/v3/process"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// Details describes a process. What may not be read without root stays empty. It is fs.ErrNotExist when there is no
// such process (any more).
func Details(ctx context.Context, pid int) (Process, error) {
	if pid < 1 || pid > 1<<30 {
		return Process{}, fs.ErrNotExist
	}
	// Otherwise HOST_PROC of the environment would say where /proc is.
	ctx = context.WithValue(
		ctx,
		common.EnvKey,
		common.EnvMap{common.HostProcEnvKey: "/proc", common.HostSysEnvKey: "/sys"},
	)
	found, err := process.NewProcessWithContext(ctx, int32(pid))
	if errors.Is(err, process.ErrorProcessNotRunning) {
		return Process{}, fs.ErrNotExist
	}
	if err != nil {
		return Process{}, fmt.Errorf("cannot describe process %d: %w", pid, err)
	}
	p := Process{Pid: pid}
	if p.Name, err = found.NameWithContext(ctx); err != nil {
		return p, fs.ErrNotExist // it has ended just now: everybody may read this
	}
	p.Name = printable(p.Name)
	if parent, err := found.PpidWithContext(ctx); err == nil {
		p.Parent = int(parent)
	}
	if uids, err := found.UidsWithContext(ctx); err == nil && len(uids) > 0 {
		p.UID = uint32(uids[0])
		p.User = userName(p.UID)
	}
	if ms, err := found.CreateTimeWithContext(ctx); err == nil {
		p.Started = time.UnixMilli(ms)
	}
	p.Args, _ = found.CmdlineSliceWithContext(ctx)
	p.Args = slices.DeleteFunc(p.Args, func(a string) bool { return a == "" })
	dir := "/proc/" + strconv.Itoa(pid)
	p.Exe, _ = os.Readlink(dir + "/exe")
	p.Dir, _ = os.Readlink(dir + "/cwd")
	p.Foreign = foreign(dir, p)
	if states, err := found.StatusWithContext(ctx); err == nil {
		p.Stopped = slices.Contains(states, process.Stop)
	}
	if text, err := (host.Host{}).ReadFile(dir + "/cgroup"); err == nil {
		p.Cgroup = ParseCgroup(text)
	}
	return p, nil
}

// foreign reports whether somebody else than root can have written the executable of the process, or the script that it
// runs. What cannot be looked at is not foreign: its name is taken at its word, which refuses more.
func foreign(dir string, p Process) bool {
	if others(dir + "/exe") {
		return true
	}
	if !interprets(path.Base(p.Exe)) {
		return false
	}
	for _, a := range p.Args[min(1, len(p.Args)):] {
		if strings.HasPrefix(a, "-") {
			continue
		}
		if !path.IsAbs(a) {
			a = path.Join(p.Dir, a)
		}
		return others(dir + "/root" + path.Clean("/"+a))
	}
	return false
}

// others reports whether a file is not root's alone.
func others(file string) bool {
	var st unix.Stat_t
	return unix.Stat(file, &st) == nil && (st.Uid != 0 || st.Mode&0o022 != 0)
}

// printable replaces what would steer a terminal. A process chooses its name and its arguments itself, and they are
// shown to root.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) { // Cf: what turns the direction of text, or cannot be seen
			return ' '
		}
		return r
	}, text)
}

// CommandLine is the whole command line on one line, fit to be printed.
func (p Process) CommandLine() string { return printable(strings.Join(p.Args, " ")) }

// image is what tells apart a process that was forked from one that has executed a program since.
type image struct {
	parent                int
	startCode, startStack uint64 // of proc_pid_stat(5): random for each execve(2), 0 without leave to look
	device, inode         uint64 // of the executable
}

func readImage(pid int) (image, bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	data, err := (host.Host{}).ReadFile(dir + "/stat")
	if err != nil {
		return image{}, false
	}
	text := string(data)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:]) // from field 3, the state
	if len(fields) < 26 {
		return image{}, false
	}
	var i image
	i.parent, _ = strconv.Atoi(fields[1])
	i.startCode, _ = strconv.ParseUint(fields[23], 10, 64)
	i.startStack, _ = strconv.ParseUint(fields[25], 10, 64)
	i.device, i.inode = fileOf(dir + "/exe")
	return i, i.inode != 0
}

func fileOf(p string) (device, inode uint64) {
	var st unix.Stat_t
	if unix.Stat(p, &st) != nil {
		return 0, 0
	}
	return st.Dev, st.Ino
}

// SameProgram reports whether holder is a worker of the program that main runs, rather than a job which that started.
// It runs the same executable, and descends from it; and it was forked without executing anything since, or it was
// executed with the same arguments and perhaps more. A wrong no costs a signal instead of a stopped unit; a wrong
// yes would stop a supervisor with all of its jobs.
func SameProgram(main, holder int) bool {
	if main == holder {
		return true
	}
	m, ok := readImage(main)
	if !ok {
		return false
	}
	h, ok := readImage(holder)
	if !ok || h.device != m.device || h.inode != m.inode || !descends(holder, main) {
		return false
	}
	if m.startStack != 0 && m.startStack == h.startStack && m.startCode == h.startCode {
		return true
	}
	return sameScript(arguments(main), arguments(holder))
}

func descends(pid, from int) bool {
	for range 64 {
		i, ok := readImage(pid)
		if !ok || i.parent <= 1 {
			return ok && i.parent == from
		}
		if i.parent == from {
			return true
		}
		pid = i.parent
	}
	return false
}

func arguments(pid int) []string {
	data, err := (host.Host{}).ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil || len(data) == 0 {
		return nil
	}
	return strings.Split(strings.TrimRight(string(data), "\x00"), "\x00")
}

// sameScript compares how two processes of one executable were called: by the same name and with the same arguments,
// behind which the worker may have more. Which argument of an interpreter is the script cannot be told by its place: in
// "perl -I lib a.pl", "java -cp lib A" and "deno run a.ts" it comes after one that jobs share with their supervisor.
func sameScript(main, worker []string) bool {
	if len(main) == 0 || len(worker) < len(main) || path.Base(main[0]) != path.Base(worker[0]) ||
		!slices.Equal(main[1:], worker[1:len(main)]) {
		return false
	}
	interpreter := regexp.MustCompile(`^(python|node|ruby|perl|php|java|sh|bash|dash|busybox)[0-9.]*$`)
	return len(main) > 1 || !interpreter.MatchString(path.Base(main[0]))
}

// childrenOf are the processes that the threads of a process have started and that have not been waited for, see
// proc_tid_children(5).
func childrenOf(pid int) (children []int, err error) {
	dir := "/proc/" + strconv.Itoa(pid) + "/task/"
	tasks, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, task := range tasks {
		text, err := (host.Host{}).ReadFile(dir + task.Name() + "/children")
		if err != nil {
			return nil, err
		}
		for word := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(word); err == nil {
				children = append(children, child)
			}
		}
	}
	return children, nil
}
