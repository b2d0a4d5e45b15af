package faults

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// look is a host at a glance.
type look struct {
	state state
	rest  []string // what else a command could make something of
}

// look reads all that a tuning program could have changed on the host: every writable knob of the network namespace,
// every line of /etc/sysctl.d, and every file and folder below /etc, /var/lib and /usr/local with its type, permission
// bits, link text and hash.
func (b *box) look() (look, error) {
	type answer struct {
		look look
		err  error
	}
	answers := make(chan answer)
	go func() {
		runtime.LockOSThread() // for good: the thread has the namespaces of the host, and ends with this goroutine
		l := look{state: state{}}
		err := enter(b.shell.Process.Pid)
		if err == nil {
			err = l.read()
		}
		answers <- answer{l, err}
	}()
	a := <-answers
	return a.look, a.err
}

// enter puts the calling thread into the network and the files of a process.
func enter(pid int) error {
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	var spaces []*os.File
	for _, name := range []string{"net", "mnt"} {
		f, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", pid, name))
		if err != nil {
			return err
		}
		defer f.Close()
		spaces = append(spaces, f)
	}
	for _, f := range spaces {
		if err := unix.Setns(int(f.Fd()), 0); err != nil {
			return err
		}
	}
	return nil
}

func (l *look) read() error {
	for _, dir := range []string{"/etc", "/var/lib", "/usr/local"} {
		if err := walk(dir, func(file string, info fs.FileInfo) error { return l.state.add(file, info) }); err != nil {
			return err
		}
	}
	rest := state{}
	for _, dir := range []string{"/run", "/var/cache", "/usr/lib/sysctl.d"} {
		if err := walk(dir, func(file string, info fs.FileInfo) error { return rest.add(file, info) }); err != nil {
			return err
		}
	}
	// How a program remembers is its own affair, that there is a journal is not.
	for _, file := range []string{journalFile, journalFile + formerSuffix} {
		if data, err := os.ReadFile(file); err == nil {
			rest[file] = string(data)
		}
		delete(l.state, "content "+file)
	}
	for name, value := range rest {
		l.rest = append(l.rest, name+" "+value)
	}
	programs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return err
	}
	first, err := os.ReadFile("/proc/1/cmdline")
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(first), "sh\x00-s\x00") {
		return fmt.Errorf("/proc is not that of the host: its first process is %q", first)
	}
	for _, p := range programs {
		if p == "/proc/1/cmdline" {
			continue // the shell of the box
		}
		if argv, err := os.ReadFile(p); err == nil { // or it has ended
			l.rest = append(l.rest, "process "+string(argv))
		}
	}
	return l.state.knobs("/proc/sys/net", make([]byte, 64<<10))
}

func walk(dir string, f func(file string, info fs.FileInfo) error) error {
	return filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return f(file, info)
	})
}

// add takes up a file or folder.
func (s state) add(file string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%s has no mode", file)
	}
	var link string
	if info.Mode()&fs.ModeSymlink != 0 {
		var err error
		if link, err = os.Readlink(file); err != nil {
			return err
		}
	}
	s["entry "+file] = fmt.Sprintf("%o %s", stat.Mode, link)
	if !info.Mode().IsRegular() {
		return nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	s["content "+file] = fmt.Sprintf("%x", sha256.Sum256(data))
	if ok, _ := filepath.Match("/etc/sysctl.d/*.conf", file); ok {
		for line := range strings.Lines(string(data)) {
			if !strings.HasPrefix(line, "#") && strings.Contains(line[1:], "=") {
				s["setting "+file] += strings.TrimSuffix(line, "\n") + "\n"
			}
		}
	}
	return nil
}

// knobs takes up the writable files of a folder of /proc/sys. Each has to be read with one read(2), and some cannot be
// read at all. A name is looked up in its folder: the kernel takes its time for each part of a path there.
func (s state) knobs(dir string, buf []byte) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if e.IsDir() {
			err = s.knobs(name, buf)
		} else {
			err = s.knob(int(d.Fd()), e.Name(), name, buf)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s state) knob(dir int, base, name string, buf []byte) error {
	fd, err := unix.Openat(dir, base, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil //nolint:nilerr // not to be read, whoever asks
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return err
	}
	if stat.Mode&0o222 == 0 || stat.Mode&0o444 == 0 {
		return nil
	}
	if n, err := unix.Read(fd, buf); err == nil && n > 0 {
		s["knob "+name] = string(buf[:n])
	}
	return nil
}

// What differs between two hosts on which the same has happened: the names of windows, times, and the namespace.
var accident = regexp.MustCompile(`"id": "[0-9a-f]+"|--window\x00[0-9a-f]+|"deadline": \d+|net:\[\d+\]|` +
	`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)`)

// key is the same for hosts that do not differ in anything that a command could see, but for accidents.
func (l look) key() string {
	lines := slices.Clone(l.rest)
	for i := range lines {
		lines[i] = accident.ReplaceAllString(lines[i], "")
	}
	for name, value := range l.state {
		lines = append(lines, name+" "+value)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
