package whowins

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Judge is a pair of real tools with the libraries they need, in a folder of their own: ld.so, lib, systemd-sysctl and
// sysctl.
type Judge struct {
	Name    string // "machine", or a Debian suite
	Dir     string
	Systemd int    // the major release, 0 where the tool is missing
	Procps  string // the release, "" where the tool is missing
}

// Tool names one of the two programs of a judge.
type Tool string

// The tools.
const (
	SystemdSysctl Tool = "systemd-sysctl"
	SysctlSystem  Tool = "sysctl"
)

// Tools returns what j has.
func (j Judge) Tools() []Tool {
	var tools []Tool
	if j.Systemd != 0 {
		tools = append(tools, SystemdSysctl)
	}
	if j.Procps != "" {
		tools = append(tools, SysctlSystem)
	}
	return tools
}

// argv is the command line of a tool, for use inside the sandbox, where the judge is at the folder dir. The tool is run
// through its own dynamic linker, so that nothing of the machine's libraries takes part.
func (j Judge) argv(dir string, tool Tool) []string {
	argv := []string{dir + "/ld.so", "--library-path", dir + "/lib", dir + "/" + string(tool)}
	if tool == SysctlSystem {
		argv = append(argv, "--system")
	}
	return argv
}

// versions asks the tools themselves.
func (j *Judge) versions() error {
	if out, err := j.ask(SystemdSysctl); err == nil {
		// "systemd 252 (252.39-1~deb12u2)"
		if fields := strings.Fields(out); len(fields) > 1 {
			digits := strings.FieldsFunc(fields[1], func(r rune) bool { return r < '0' || r > '9' })
			if len(digits) > 0 {
				j.Systemd, _ = strconv.Atoi(digits[0])
			}
		}
	}
	if out, err := j.ask(SysctlSystem); err == nil {
		// "sysctl from procps-ng 4.0.2"
		fields := strings.Fields(out)
		j.Procps = fields[len(fields)-1]
	}
	if len(j.Tools()) == 0 {
		return errors.New("neither tool runs")
	}
	return nil
}

func (j Judge) ask(tool Tool) (string, error) {
	argv := j.argv(j.Dir, tool)[:4]
	out, err := exec.Command(argv[0], append(argv[1:], "--version")...).Output()
	if err == nil && len(strings.Fields(string(out))) == 0 {
		err = errors.New("no version")
	}
	return string(out), err
}

// Machine returns the judge made of the machine's own tools, copied to the folder dir.
func Machine(dir string) (Judge, error) {
	j := Judge{Name: "machine", Dir: filepath.Join(dir, "machine")}
	if err := os.RemoveAll(j.Dir); err != nil {
		return j, err
	}
	return j, j.assemble("/")
}

// assemble copies the tools below root and what they are linked with.
func (j *Judge) assemble(root string) error {
	if err := os.MkdirAll(filepath.Join(j.Dir, "lib"), 0o755); err != nil {
		return err
	}
	places := map[Tool][]string{
		SystemdSysctl: {"usr/lib/systemd/systemd-sysctl", "lib/systemd/systemd-sysctl"},
		SysctlSystem:  {"usr/sbin/sysctl", "sbin/sysctl"},
	}
	for tool, from := range places {
		for _, place := range from {
			place = filepath.Join(root, place)
			if _, err := os.Stat(place); err != nil {
				continue
			}
			if err := j.link(place, filepath.Join(j.Dir, string(tool)), libraries(root)); err != nil {
				return err
			}
			break
		}
	}
	return j.versions()
}

// libraries are the folders of shared libraries below root.
func libraries(root string) []string {
	var dirs []string
	for _, lib := range []string{"usr/lib", "lib", "usr/lib64", "lib64"} {
		lib = filepath.Join(root, lib)
		multiarch, _ := filepath.Glob(lib + "/*-linux-gnu*")
		for _, m := range multiarch {
			dirs = append(dirs, m, m+"/systemd")
		}
		dirs = append(dirs, lib+"/systemd", lib)
	}
	return dirs
}

// link copies the program or library from to the path to, and after it all that it needs.
func (j *Judge) link(from, to string, libraries []string) error {
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		return err
	}
	needed, interpreter, err := elfNeeds(to)
	if err != nil {
		return err
	}
	places := map[string]string{}
	for _, name := range needed {
		places[filepath.Join(j.Dir, "lib", name)] = name
	}
	if interpreter != "" {
		places[filepath.Join(j.Dir, "ld.so")] = filepath.Base(interpreter)
	}
	for place, name := range places {
		at := findLibrary(name, libraries)
		if at == "" {
			return fmt.Errorf("no library %s", name)
		}
		if err := j.link(at, place, libraries); err != nil {
			return err
		}
	}
	return nil
}

func findLibrary(name string, libraries []string) string {
	for _, dir := range libraries {
		p := filepath.Join(dir, name)
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	return ""
}

func elfNeeds(file string) (needed []string, interpreter string, err error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	needed, err = f.ImportedLibraries()
	if err != nil {
		return nil, "", nil // ld.so itself is linked with nothing
	}
	if s := f.Section(".interp"); s != nil {
		data, err := s.Data()
		if err != nil {
			return nil, "", err
		}
		interpreter = strings.TrimRight(string(data), "\x00")
	}
	return needed, interpreter, nil
}
