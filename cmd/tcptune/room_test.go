package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// inRoom tells the copy of a test that it runs in a room.
const inRoom = "TCPTUNE_TEST_ROOM"

// room is a host of its own for one test: the machine's kernel in a fresh network namespace, with the files of an
// Ubuntu
// 24.04 in a fresh mount namespace, and with a fresh PID namespace, so that nothing outlives the test. systemd does not
// run in it, and keys that belong to the whole machine cannot be written.
type room struct{ testing.TB }

// enter runs the calling test again, in a room. There it returns the room; outside, where ok is false, it waits for
// that to end, passes on its result, and holds the machine's own values against what they were.
func enter(t *testing.T) (r room, ok bool) {
	t.Helper()
	if os.Getenv(inRoom) != "" {
		r = room{t}
		r.furnish()
		return r, true
	}
	if os.Geteuid() != 0 {
		t.Skip("a real kernel in namespaces needs root")
	}
	if testing.Short() {
		t.Skip("a real kernel in namespaces is not tried with -short")
	}
	t.Parallel()
	before := machineValues(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*patience) // some tests wait several times
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), inRoom+"=1", "GOCOVERDIR="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Setsid:     true,
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("a real kernel in namespaces needs the right to make them (CAP_SYS_ADMIN)")
	}
	if err != nil {
		t.Errorf("in its room: %v\n%s", err, out.String())
	}
	if diff := cmp.Diff(before, machineValues(t)); diff != "" {
		t.Errorf("the machine's own values were changed:\n%s", diff)
	}
	return room{}, false
}

// machineValues is what all keys of the catalogue hold outside.
func machineValues(t *testing.T) map[string]string {
	t.Helper()
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, k := range cat.Keys() {
		if v, err := readKnob(k.Name); err == nil {
			values[k.Name] = v
		}
	}
	return values
}

// roomFolders are empty in a room, but for what comes from the fixture. Without /lib/modules none can be loaded into
// the machine's kernel.
var roomFolders = []string{"/etc", "/run", "/var/lib", "/var/log", "/lib/modules", "/usr/lib/sysctl.d", "/usr/local/lib/sysctl.d"}

// profileRoom has one key of each kind, of those that belong to a network namespace.
const profileRoom = `name: room
summary: one key of each kind that a network namespace has to itself
keys:
  - {key: net.core.somaxconn, value: 65535, mode: raise, why: a number that is raised}
  - {key: net.ipv4.tcp_rmem, value: 4096 131072 67108864, mode: raise, why: a vector}
  - {key: net.ipv4.ip_local_reserved_ports, value: "8080,9000-9010", mode: union, why: a list that is joined}
  - {key: net.ipv4.tcp_keepalive_time, value: 600, mode: exact, why: a number that is lowered}
  - {key: net.ipv4.tcp_no_metrics_save, value: 1, mode: exact, required: true, why: a switch}
`

// roomBefore are values that a room starts with where the machine would shine through, and roomAfter those of the
// profile.
var (
	roomBefore = map[string]string{
		"net.core.somaxconn": "4096", "net.ipv4.tcp_rmem": "4096 131072 6291456", "net.ipv4.ip_local_reserved_ports": "4000,5000-5003",
		"net.ipv4.tcp_keepalive_time": "7200", "net.ipv4.tcp_no_metrics_save": "0",
	}
	roomAfter = map[string]string{
		"net.core.somaxconn": "65535", "net.ipv4.tcp_rmem": "4096 131072 67108864", "net.ipv4.ip_local_reserved_ports": "4000,5000-5003,8080,9000-9010",
		"net.ipv4.tcp_keepalive_time": "600", "net.ipv4.tcp_no_metrics_save": "1",
	}
)

func (r room) furnish() {
	r.Helper()
	fixture, err := filepath.Abs("../../test/fixtures/ubuntu-24.04")
	r.check(err)
	r.check(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	r.check(unix.Mount("proc", "/proc", "proc", 0, ""))
	for _, dir := range []string{"/proc/sys/fs", "/proc/sys/kernel", "/proc/sys/vm"} {
		r.check(unix.Mount(dir, dir, "", unix.MS_BIND, ""))
		r.check(unix.Mount("", dir, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	}
	for _, dir := range roomFolders {
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0755"); !errors.Is(err, unix.ENOENT) {
			r.check(err)
		}
	}
	for _, dir := range []string{"/etc", "/var/lib"} {
		out, err := exec.Command("cp", "-a", fixture+dir+"/.", dir).CombinedOutput()
		if err != nil {
			r.Fatalf("%v\n%s", err, out)
		}
	}
	release, err := os.ReadFile(fixture + "/usr/lib/os-release")
	r.check(err)
	r.check(errors.Join(os.Remove("/etc/os-release"), os.WriteFile("/etc/os-release", release, 0o644)))
	r.check(os.MkdirAll("/etc/tcptune/profiles.d", 0o755))
	r.check(os.WriteFile("/etc/tcptune/profiles.d/room.yaml", []byte(profileRoom), 0o644))
	for key, value := range roomBefore {
		r.set(key, value)
	}
}

func (r room) check(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// set writes a key as somebody else would.
func (r room) set(key, value string) {
	r.Helper()
	f, err := os.OpenFile(host.KnobPath(key), os.O_WRONLY, 0)
	r.check(err)
	_, err = f.WriteString(value)
	r.check(errors.Join(err, f.Close()))
}

// has holds the running values of some keys against what they should be.
func (r room) has(want map[string]string) {
	r.Helper()
	got := map[string]string{}
	for key := range want {
		v, err := readKnob(key)
		r.check(err)
		got[key] = v
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.Errorf("running values, wanted (-) and found (+):\n%s", diff)
	}
}

// readKnob reads a key independently of what is tested: one read, fields separated by one space.
func readKnob(key string) (string, error) {
	f, err := os.Open("/proc/sys/" + strings.ReplaceAll(key, ".", "/"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	buf := make([]byte, 64<<10)
	n, err := f.Read(buf)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.Join(strings.Fields(string(buf[:n])), " "), nil
}

// state is everything that a host is: what its files hold, and what its network namespace runs with.
type state struct {
	Files tree
	Knobs map[string]string
}

func (r room) state() state {
	r.Helper()
	s := state{Files: tree{}, Knobs: map[string]string{}}
	for _, dir := range []string{"/etc", "/var/lib"} {
		t, err := readTree(dir)
		r.check(err)
		for p, e := range t {
			s.Files[filepath.Join(dir, p)] = e
		}
	}
	r.check(filepath.WalkDir("/proc/sys/net", func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		key := strings.ReplaceAll(strings.TrimPrefix(p, "/proc/sys/"), "/", ".")
		if v, err := readKnob(key); err == nil && !strings.Contains(key, "conntrack_count") {
			s.Knobs[key] = v
		}
		return nil
	}))
	return s
}

// is holds the host against a former state of it. Folders may have another time; files may not, unless they were
// written anew.
func (r room) is(want state, view func(tree) tree) {
	r.Helper()
	got := r.state()
	got.Files, want.Files = view(got.Files), view(want.Files)
	if diff := cmp.Diff(want, got); diff != "" {
		r.Errorf("the host, wanted (-) and found (+):\n%s", diff)
	}
}

// result is what a run of tcptune left.
type result struct {
	code     int
	out, err string
}

func (r result) String() string { return fmt.Sprintf("exit %d\n%s%s", r.code, r.out, r.err) }

// run runs tcptune, which must end with code.
func (r room) run(code int, args ...string) result {
	r.Helper()
	got := r.start(exec.Command("tcptune", args...))()
	if got.code != code {
		r.Errorf("tcptune %s: want exit %d, got %v", strings.Join(args, " "), code, got)
	}
	return got
}

// start starts a program. The returned function waits for its end.
func (r room) start(cmd *exec.Cmd) (wait func() result) {
	r.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = patience
	r.check(cmd.Start())
	return func() result {
		err := cmd.Wait()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			r.Error(err)
		}
		return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
	}
}

// says checks that text is there.
func (r room) says(text, want string) {
	r.Helper()
	if !strings.Contains(text, want) {
		r.Errorf("want %q in:\n%s", want, text)
	}
}

// patience is how long a test waits for what must come, however slow the machine is.
const patience = 60 * time.Second

// until waits for something to become true.
func (r room) until(what string, done func() bool) {
	r.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.Fatalf("waited in vain: %s", what)
		}
	}
}
