package toolchain

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The environment of the copy of a test that runs on a host of its own.
const (
	onOwnHost  = "TCPTUNE_TEST_HOST"    // the folder with what is private to it
	itsProgram = "TCPTUNE_TEST_TCPTUNE" // the program under test
)

// private are the folders that a host has to itself.
var private = []string{"/usr/local", "/etc", "/var/lib", "/var/cache", "/var/log", "/run"}

func isOwnHost() bool { return os.Getenv(onOwnHost) != "" }

// ownHost is what such a copy works on.
type ownHost struct{ *testing.T }

// enter runs the calling test again, on a host of its own, with env added to its environment. There it returns that
// host; outside, where ok is false, it waits for that to end and passes on its result.
func enter(t *testing.T, env ...string) (h ownHost, ok bool) {
	t.Helper()
	if dir := os.Getenv(onOwnHost); dir != "" {
		h = ownHost{t}
		h.furnish(dir)
		return h, true
	}
	if os.Geteuid() != 0 {
		t.Skip("a host of its own, in a mount namespace, needs root")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "tcptune")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/tcptune")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build tcptune: %v\n%s", err, text)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(append(os.Environ(), onOwnHost+"="+dir, itsProgram+"="+program, "GOCOVERDIR="+t.TempDir()), env...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Setsid: true,
		Pdeathsig: syscall.SIGKILL,
	}
	err := cmd.Run()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("a mount namespace needs the right to make one (CAP_SYS_ADMIN)")
	}
	if err != nil {
		t.Errorf("on its host: %v\n%s", err, out.String())
	}
	return h, false
}

func (h ownHost) furnish(dir string) {
	h.Helper()
	release, err := os.ReadFile("../fixtures/ubuntu-24.04/usr/lib/os-release")
	h.check(err)
	resolver, _ := os.ReadFile("/etc/resolv.conf") // a link into /run, as a rule; no network is no failure here
	h.check(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	h.check(unix.Mount("proc", "/proc", "proc", 0, ""))
	for _, p := range private {
		own := filepath.Join(dir, "host", p)
		h.check(os.MkdirAll(own, 0o755))
		if p == "/etc" {
			h.sh("cp -a /etc/. " + own)
		}
		h.check(unix.Mount(own, p, "", unix.MS_BIND, ""))
	}
	for _, p := range []string{"/etc/os-release", "/etc/resolv.conf"} {
		h.check(errors.Join(os.RemoveAll(p),
			os.WriteFile(p, map[bool][]byte{true: release, false: resolver}[p == "/etc/os-release"], 0o644)))
	}
	h.check(errors.Join(os.Mkdir("/usr/local/bin", 0o755), os.Mkdir("/usr/local/lib", 0o755)))
}

func (h ownHost) check(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// tcptune runs the program, which must end with code, and returns what it said.
func (h ownHost) tcptune(code int, args ...string) (stdout, stderr string) {
	h.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(h.Context(), os.Getenv(itsProgram), args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		h.Fatalf("tcptune %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, code, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

// sh runs a script in an empty environment but for env, and returns what it printed.
func (h ownHost) sh(script string, env ...string) string {
	h.Helper()
	cmd := exec.CommandContext(h.Context(), "/bin/sh", "-ec", script)
	cmd.Dir = "/" // not where a go.mod asks for another version
	cmd.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.Fatalf("%s: %v\n%s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}

// says checks what a command prints.
func (h ownHost) says(got, want string) {
	h.Helper()
	if !strings.Contains(got, want) {
		h.Errorf("got %q, want %q in it", got, want)
	}
}

// inventory is every file of the host that Go is about, with its type and where it leads.
func (h ownHost) inventory() string {
	h.Helper()
	return h.sh(`find /usr/local /var/lib /etc/profile.d -printf '%p %y %m %l\n' | sort`)
}

// offline runs a Go program as a user without privileges, without a network, with nothing but its GOROOT.
func (h ownHost) offline(goCommand, source string) string {
	h.Helper()
	const nobody = 65534
	dir, err := os.MkdirTemp("/var/lib", "offline-")
	h.check(err)
	defer os.RemoveAll(dir)
	h.check(os.Chmod(dir, 0o755))
	h.check(os.WriteFile(dir+"/main.go", []byte(source), 0o644))
	h.check(os.WriteFile(dir+"/go.mod", []byte("module offline\n\ngo 1.25\n"), 0o644))
	h.check(errors.Join(os.Mkdir(dir+"/tmp", 0o755), os.Chown(dir+"/tmp", nobody, nobody)))
	cmd := exec.CommandContext(h.Context(), goCommand, "run", ".")
	cmd.Dir = dir
	for name, value := range map[string]string{
		"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": dir + "/tmp", "GOCACHE": dir + "/tmp/cache", "TMPDIR": dir + "/tmp",
		"GOPROXY": "off",
		"GOFLAGS": "-mod=mod",
	} {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	slices.Sort(cmd.Env)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET, Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}
