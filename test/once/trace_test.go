package once

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// build makes the program as it is. It skips the test where nothing can look on.
func build(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("SKIP: counting what is opened needs strace, which is not installed")
	}
	out := filepath.Join(t.TempDir(), "tcptune")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", out, "../../cmd/tcptune")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build tcptune: %v\n%s", err, text)
	}
	return out
}

// opened runs argv under strace and returns how often each path was opened for reading, or its text read as a link:
// then "-> " stands before it, for that is another question. Paths below root are as the host there would name them.
func opened(t *testing.T, root string, namespace uintptr, good []int, argv ...string) map[string]int {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.CommandContext(t.Context(), "strace", append([]string{
		"-f", "-y", "-s", "4096", "-o", trace, "-e", "trace=?open,openat,openat2,?readlink,readlinkat", "-e", "signal=none",
		"--",
	}, argv...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespace}
	text, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); !slices.Contains(good, code) {
		t.Fatalf("%v: %v\n%s", argv, err, text)
	}
	calls, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	seen := handles{names: map[string]string{}, begun: map[string]string{}}
	for line := range strings.Lines(string(calls)) {
		if p, reads := seen.readPath(line); reads {
			if below, ok := strings.CutPrefix(p, root); ok && root != "/" {
				p = path.Clean("/" + below)
			}
			if strings.Contains(line, "readlink") {
				p = "-> " + p
			}
			counts[p]++
		}
	}
	if len(counts) < 20 {
		t.Fatalf("strace saw %d paths:\n%s", len(counts), calls)
	}
	return counts
}

var (
	call  = regexp.MustCompile(`^(\d+) +(open|openat|openat2|readlink|readlinkat)\((.*)$`)
	named = regexp.MustCompile(`^(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"(.*)$`)
)

var (
	resumed = regexp.MustCompile(`^(\d+) +<\.\.\. open(?:at2?)? resumed>.*\) += (\d+)<`)
	gave    = regexp.MustCompile(`\) += (\d+)<[^<]*$`)
)

// handles are what was opened with O_PATH, by its descriptor. A regular file is looked at in that way first, and read
// by what /proc/self/fd opens then: that is a reading of the name that was looked at. One that is missing is not
// opened.
type handles struct {
	names map[string]string
	begun map[string]string // by thread: opened in a call that strace shows in two pieces
}

// readPath is the path that a line of strace is about, if it is the beginning of a call that reads.
func (h handles) readPath(line string) (p string, reads bool) {
	line = strings.TrimSpace(line)
	if r := resumed.FindStringSubmatch(line); r != nil && h.begun[r[1]] != "" {
		h.names[r[2]] = h.begun[r[1]]
		delete(h.begun, r[1])
		return "", false
	}
	c := call.FindStringSubmatch(line)
	if c == nil || strings.Contains(line, " = ? ERESTART") || strings.Contains(line, "= -1 EINTR") ||
		strings.Contains(line, "= -1 EAGAIN") {
		return "", false
	}
	n := named.FindStringSubmatch(c[3])
	if n == nil {
		return "", false
	}
	for _, flag := range []string{"O_WRONLY", "O_RDWR", "O_CREAT"} {
		if strings.Contains(n[3], flag) {
			return "", false // a place to write to
		}
	}
	p = n[2]
	fd, again := strings.CutPrefix(p, "/proc/self/fd/")
	switch {
	case again && strings.HasPrefix(c[2], "readlink"):
		return "", false // where an open file is: nothing is read
	case again:
		return h.names[fd], h.names[fd] != ""
	case c[2] == "openat2": // always below a root here, see host.At
		p = path.Join(n[1], p)
	case !path.IsAbs(p):
		p = path.Join(n[1], p)
	}
	if !strings.Contains(n[3], "O_PATH") {
		return p, true
	}
	if fd := gave.FindStringSubmatch(n[3]); fd != nil {
		h.names[fd[1]] = p
	} else if strings.Contains(n[3], "<unfinished") {
		h.begun[c[1]] = p
	}
	return "", false
}

func TestWhatAReadIs(t *testing.T) {
	for line, want := range map[string]string{
		`12 openat(AT_FDCWD</x>, "/etc/a", O_RDONLY|O_CLOEXEC) = 5</etc/a>`:                                               "/etc/a",
		`12 openat2(5</r>, "/etc/a", {flags=O_RDONLY|O_CLOEXEC, resolve=RESOLVE_IN_ROOT}, 24) = -1 ENOENT (No such file)`: "/r/etc/a",
		`12 openat2(5</r>, "/etc/a", {flags=O_RDONLY, resolve=RESOLVE_IN_ROOT}, 24 <unfinished ...>`:                      "/r/etc/a",
		`12 readlinkat(5</r/etc>, "a", "b", 4096) = 1`:                                                                    "/r/etc/a",
		`12 readlink("/etc/a", 0x1, 128) = -1 EINVAL (Invalid argument)`:                                                  "/etc/a",
		`12 openat(AT_FDCWD</x>, "/etc", O_RDONLY|O_PATH) = 5</etc>`:                                                      "",
		`12 openat(5</r>, "a", O_WRONLY|O_CREAT, 0644) = 6</r/a>`:                                                         "",
		`12 readlinkat(AT_FDCWD</x>, "/proc/self/fd/5", "/a", 4096) = 2`:                                                  "",
		`12 <... openat resumed>) = 5</etc/a>`:                                                                            "",
	} {
		h := handles{names: map[string]string{}, begun: map[string]string{}}
		if got, _ := h.readPath(line); got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

func TestWhatIsOpenedByItsHandleIsReadByItsName(t *testing.T) {
	h := handles{names: map[string]string{}, begun: map[string]string{}}
	var got []string
	for _, line := range []string{
		`12 openat(AT_FDCWD</x>, "/etc/link", O_RDONLY|O_CLOEXEC|O_PATH) = 5</etc/a>`,
		`12 openat(AT_FDCWD</x>, "/proc/self/fd/5", O_RDONLY|O_NOCTTY|O_NONBLOCK|O_CLOEXEC) = 6</etc/a>`,
		`12 openat2(7</r>, "/etc/b", {flags=O_RDONLY|O_PATH, resolve=RESOLVE_IN_ROOT}, 24 <unfinished ...>`,
		`13 openat(AT_FDCWD</x>, "/etc/none", O_RDONLY|O_PATH) = -1 ENOENT (No such file or directory)`,
		`12 <... openat2 resumed>) = 5</r/etc/b>`,
		`12 openat(AT_FDCWD</x>, "/proc/self/fd/5", O_RDONLY|O_NONBLOCK <unfinished ...>`,
	} {
		if p, reads := h.readPath(line); reads {
			got = append(got, p)
		}
	}
	if want := []string{"/etc/link", "/r/etc/b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
