package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
	schematest "github.com/tcptune/tcptune/test/schema"
)

// workers are two processes that have one listener, whose accept queue is full and finds more connections all the time.
func (r room) workers(address string) (pids []int) {
	r.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	r.check(err)
	at, err := net.ResolveTCPAddr("tcp4", address)
	r.check(err)
	r.check(unix.Bind(fd, &unix.SockaddrInet4{Port: at.Port, Addr: [4]byte(at.IP.To4())}))
	r.check(unix.Listen(fd, 1))
	f := os.NewFile(uintptr(fd), address)
	for range 2 {
		cmd := exec.Command("sleep", "1000")
		cmd.ExtraFiles = []*os.File{f}
		r.check(cmd.Start())
		pids = append(pids, cmd.Process.Pid)
	}
	r.check(f.Close())
	go func() {
		for {
			c, err := net.DialTimeout("tcp", address, 20*time.Millisecond)
			if err == nil {
				r.Cleanup(func() { _ = c.Close() })
			}
		}
	}()
	overflows := func() bool {
		text, err := os.ReadFile("/proc/net/netstat")
		r.check(err)
		lines := strings.Split(string(text), "\n")
		names, values := strings.Fields(lines[0]), strings.Fields(lines[1])
		i := slices.Index(names, "ListenOverflows")
		return i > 0 && values[i] != "0"
	}
	r.until("the accept queue to overflow", overflows)
	return pids
}

// certain are the findings that are, "rule target", and what could not be judged, "? target".
func certain(rep report.Report) (all []string) {
	for _, f := range *rep.Findings {
		if f.Certainty == "certain" {
			all = append(all, strings.TrimSpace(f.Rule+" "+f.Target+" "+f.Namespace))
		}
	}
	for _, o := range rep.Observed {
		for _, u := range o.Unknown {
			all = append(all, "? "+u.Target)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// What is not asked about is not found, whoever has it: two services are in need, each of something else.
func TestKernelDiagnoseNarrows(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	r.set("net.ipv4.ip_local_port_range", "40000 40099")
	workers := r.workers("127.0.0.1:30001")
	r.usedUp("127.0.0.1:30002")
	const queue, ports = "accept-queue port 30001", "ephemeral-ports port 30002, outgoing"
	unit := r.inUnit(func() { r.usedUp("127.0.0.1:30003") })
	for _, tc := range []struct {
		args string
		code int
		want []string
	}{
		{"--port 30001", report.ExitDone, []string{queue}},
		{"--port 30002", report.ExitDone, []string{ports}},
		{"--port 30009", report.ExitPartial, []string{"? port 30009"}},
		{fmt.Sprint("--pid ", workers[0]), report.ExitDone, []string{queue}},
		{fmt.Sprint("--pid ", workers[1]), report.ExitDone, []string{queue}},
		{fmt.Sprint("--pid ", workers[1], " --port 30001"), report.ExitDone, []string{queue}},
		{fmt.Sprint("--pid ", workers[1], " --port 30002"), report.ExitPartial, []string{fmt.Sprint("? port 30002, process ", workers[1])}},
		{"--unit nosuch", report.ExitPartial, []string{"? unit nosuch.service"}},
		{"--unit " + unit, report.ExitDone, []string{"ephemeral-ports port 30003, outgoing"}},
	} {
		if strings.HasSuffix(tc.args, " ") {
			continue
		}
		args := append([]string{"diagnose", "--for", "1500ms", "--json"}, strings.Fields(tc.args)...)
		rep := r.report(r.run(tc.code, args...))
		if got := certain(rep); !slices.Equal(got, tc.want) {
			r.Errorf("%s: got %q, want %q", tc.args, got, tc.want)
		}
		if rep.Observed[0].Narrowed == "" || len(rep.Warnings) == 0 {
			r.Errorf("%s: nobody is told that not all was looked at", tc.args)
		}
	}
	r.says(r.run(report.ExitFailed, "diagnose", "--for", "1ms", "--pid", "4000000").err, "cannot look into process 4000000: no such file or directory")
}

// usedUp takes all ports of the range towards an address.
func (r room) usedUp(address string) {
	r.Helper()
	r.listen(address)
	for range 100 {
		c, err := net.Dial("tcp", address)
		r.check(err)
		r.Cleanup(func() { _ = c.Close() })
	}
}

// inUnit does something as a unit does it, in a control group, and returns its name: "" where none can be made.
func (r room) inUnit(do func()) (unit string) {
	r.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	r.check(err)
	root := ""
	for line := range strings.Lines(string(mounts)) {
		if before, _, ok := strings.Cut(line, " - cgroup2 "); ok {
			root = strings.Fields(before)[4]
		}
	}
	if root == "" {
		r.Log("no control groups of version 2: --unit is not tried")
		return ""
	}
	dir, err := os.MkdirTemp(root, "tcptune-test-*.service")
	r.check(err)
	move := func(to string) { r.check(os.WriteFile(filepath.Join(to, "cgroup.procs"), []byte("0"), 0o644)) }
	move(dir)
	do()
	move(root)
	r.Cleanup(func() {
		for range 100 { // what was started there has to end first
			if pids, err := os.ReadFile(filepath.Join(dir, "cgroup.procs")); err == nil {
				for _, pid := range strings.Fields(string(pids)) {
					n, _ := strconv.Atoi(pid)
					_ = syscall.Kill(n, syscall.SIGKILL)
				}
			}
			if os.Remove(dir) == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		r.Errorf("%s is left", dir)
	})
	return filepath.Base(dir)
}

// A process is looked at where it is, and all namespaces one by one.
func TestKernelDiagnoseLooksIntoOtherNamespaces(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	r.set("net.ipv4.ip_local_port_range", "40000 40099")
	r.usedUp("127.0.0.1:30002")
	other := exec.Command("sleep", "1000")
	other.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	r.check(other.Start())
	pid := strconv.Itoa(other.Process.Pid)
	const ports = "ephemeral-ports port 30002, outgoing"
	for args, want := range map[string]struct {
		code       int
		found      []string
		namespaces []string
	}{
		"":               {report.ExitDone, []string{ports}, []string{""}},
		"--netns " + pid: {report.ExitDone, nil, []string{pid}},
		"--netns all":    {report.ExitDone, []string{ports}, []string{"", pid}},
		"--pid " + pid:   {report.ExitPartial, []string{"? process " + pid}, []string{pid}},
	} {
		rep := r.report(r.run(want.code, append([]string{"diagnose", "--for", "50ms", "--json"}, strings.Fields(args)...)...))
		var namespaces []string
		for _, o := range rep.Observed {
			namespaces = append(namespaces, o.Namespace)
		}
		if got := certain(rep); !slices.Equal(got, want.found) || !slices.Equal(namespaces, want.namespaces) {
			r.Errorf("%q: got %q in %q, want %q in %q", args, got, namespaces, want.found, want.namespaces)
		}
	}
	r.says(r.run(report.ExitFailed, "diagnose", "--netns", "nosuch").err, `cannot find the network namespace "nosuch"`)
}

// A finding has gone where it was looked for, and not where nobody looked.
func TestKernelDiagnoseComparesWithARunOfTheSameKind(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	r.set("net.ipv4.ip_local_port_range", "40000 40099")
	r.usedUp("127.0.0.1:30002")
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		r.check(os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	run := func(code int, args ...string) result {
		r.Helper()
		return r.run(code, append([]string{"diagnose", "--for", "50ms", "--json"}, args...)...)
	}
	// How busy this machine is now is not what is compared.
	found := r.report(run(report.ExitDone))
	*found.Findings = slices.DeleteFunc(*found.Findings, func(f report.Limit) bool { return f.Target == "host" })
	text, err := json.Marshal(found)
	r.check(err)
	all := file("all.json", string(text))
	r.says(run(report.ExitUsage, "--html").out, "cannot print more than one of --json and --html")
	r.says(r.run(report.ExitDone, "diagnose", "--for", "50ms", "--html").out, "<h2>certain: ephemeral-ports, port 30002, outgoing</h2>")
	one := file("one.json", run(report.ExitDone, "--port", "30002").out)
	r.set("net.ipv4.ip_local_port_range", "40000 49999")
	for _, tc := range []struct {
		before string
		args   []string
		code   int
	}{
		{all, nil, report.ExitDone},
		{one, []string{"--port", "30002"}, report.ExitDone},
		{all, []string{"--port", "30002"}, report.ExitUsage},
		{one, nil, report.ExitUsage},
		{file("broken.json", "{"), nil, report.ExitFailed},
		{file("other.json", `{"schema":"tcptune/v1"}`), nil, report.ExitUsage},
		{"/nosuch", nil, report.ExitFailed},
	} {
		rep := r.report(run(tc.code, append(tc.args, "--before", tc.before)...))
		if tc.code != report.ExitDone {
			continue
		}
		if gone := rep.Observed[0].Gone; !slices.Equal(gone, []string{"ephemeral-ports port 30002, outgoing"}) {
			r.Errorf("%s %q: gone: %q", filepath.Base(tc.before), tc.args, gone)
		}
	}
	// What another namespace had, this run cannot tell.
	other := exec.Command("sleep", "1000")
	other.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	r.check(other.Start())
	rep := r.report(run(report.ExitDone, "--netns", strconv.Itoa(other.Process.Pid), "--before", all))
	if gone := rep.Observed[0].Gone; gone != nil {
		r.Errorf("gone from a namespace where nobody looked: %q", gone)
	}
}

// Each document is a line of its own, and an interrupt ends them without another word.
func TestKernelDiagnoseGoesOnUntilItIsInterrupted(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	for _, form := range []string{"--json", "--verbose"} {
		cmd := exec.Command("tcptune", "diagnose", "--watch", "--for", "20ms", form)
		out, err := cmd.StdoutPipe()
		r.check(err)
		r.check(cmd.Start())
		lines, n := bufio.NewScanner(out), 0
		for lines.Scan() {
			text := lines.Text()
			if form == "--json" {
				schematest.Validate(r, []byte(text))
				var rep report.Report
				if err := json.Unmarshal([]byte(text), &rep); err != nil || rep.Findings == nil {
					r.Errorf("no document of diagnose: %v\n%s", err, text)
				}
			}
			if form == "--json" || strings.HasPrefix(text, "0 connections") {
				n++
			}
			if n == 3 {
				r.check(cmd.Process.Signal(os.Interrupt))
			}
		}
		if err := cmd.Wait(); err != nil || n < 3 {
			r.Errorf("%s: %d looks, %v", form, n, err)
		}
	}
}

// A profile has what is advised, or is not made.
func TestKernelDiagnoseWritesNoEmptyProfile(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	const file = "/etc/tcptune/profiles.d/measured.yaml"
	write := []string{"diagnose", "--for", "50ms", "--write-profile", "measured"}
	r.says(r.run(report.ExitDone, write...).err, "no profile was written: no key would help")
	if _, err := os.Stat(file); err == nil {
		r.Errorf("%s was made", file)
	}
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	r.set("net.ipv4.ip_local_port_range", "40000 40099")
	r.usedUp("127.0.0.1:30002")
	r.run(report.ExitDone, write...)
	first, err := os.ReadFile(file)
	r.check(err)
	r.run(report.ExitDone, write...) // the same once more
	r.check(os.WriteFile(file, append(first, "# mine\n"...), 0o644))
	r.run(report.ExitFailed, write...)
	r.run(report.ExitDone, append(write, "--replace")...)
	again, err := os.ReadFile(file)
	r.check(err)
	if string(again) != string(first) {
		r.Errorf("the profile is\n%s\nand was\n%s", again, first)
	}
	r.run(report.ExitUsage, "diagnose", "--write-profile", "../measured")
}

// Without root the sockets are there, and whose they are is not: that is said.
func TestKernelDiagnoseWithoutRootSaysWhatItCannotSee(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	r.set("net.ipv4.ip_local_port_range", "40000 40099")
	r.usedUp("127.0.0.1:30002")
	as := func(code int, args ...string) result {
		got := r.start(exec.Command("as-nobody", append([]string{"tcptune", "diagnose", "--for", "50ms", "--json"}, args...)...))()
		if got.code != code {
			r.Errorf("as nobody, %q: want exit %d, got %v", args, code, got)
		}
		return got
	}
	rep := r.report(as(report.ExitPartial))
	if got, want := certain(rep), []string{"? port 30002", "ephemeral-ports port 30002, outgoing"}; !slices.Equal(got, want) {
		r.Errorf("got %q, want %q", got, want)
	}
	var rules []string
	for _, u := range rep.Observed[0].Unknown {
		rules = append(rules, u.Rule)
		r.says(u.Reason, "only root may look into the processes of others")
	}
	if want := []string{"descriptors", "cpu-throttled", "memory-limit"}; !slices.Equal(rules, want) {
		r.Errorf("not judged: %q, want %q", rules, want)
	}
	pid := strconv.Itoa(os.Getpid())
	for _, args := range [][]string{{"--pid", pid}, {"--netns", pid}, {"--write-profile", "measured"}} {
		r.says(as(report.ExitNeedsRoot, args...).out, "sudo tcptune diagnose")
	}
}
