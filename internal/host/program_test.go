package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestRun(t *testing.T) {
	t.Setenv("PATH", "/nowhere")
	t.Setenv("LC_ALL", "de_DE.UTF-8")
	out, err := Host{}.Run(t.Context(), "sh", "-c", `echo "$PATH $LC_ALL $# $(pwd)"; cat`, "x", "a b", "")
	if want := programPath + " C 2 /\n"; string(out) != want || err != nil {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
}

func TestRunErrorsReadWell(t *testing.T) {
	t.Parallel()
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		argv []string
		want string
		is   error
	}{
		{[]string{"no-such-program"}, "cannot run no-such-program: file does not exist in " + programPath, fs.ErrNotExist},
		{[]string{"/no/such/program"}, "cannot run /no/such/program: no such file or directory", fs.ErrNotExist},
		{[]string{plain}, "cannot run " + plain + ": permission denied", fs.ErrPermission},
		{[]string{"./sh"}, "cannot run ./sh: neither an absolute path nor the name of a program", nil},
		{[]string{""}, "cannot run : neither an absolute path nor the name of a program", nil},
		{[]string{"false"}, "cannot run false: exit status 1", nil},
		{[]string{"sh", "-c", "echo one >&2; echo two >&2; exit 3"}, "cannot run sh: exit status 3: two", nil},
		{[]string{"sh", "-c", "kill -9 $$"}, "cannot run sh: signal: killed", nil},
		{[]string{"yes"}, "cannot run yes: it printed more than 4 MiB", ErrTooMuchOutput},
	}
	for _, test := range tests {
		_, err := Host{}.Run(t.Context(), test.argv[0], test.argv[1:]...)
		if err == nil || err.Error() != test.want || (test.is != nil && !errors.Is(err, test.is)) {
			t.Errorf("%q: got %v, want %s", test.argv, err, test.want)
		}
	}
}

func TestRunKeepsWhatAFailedProgramSaid(t *testing.T) {
	t.Parallel()
	out, err := Host{}.Run(t.Context(), "sh", "-c", "echo result; head -c 100000 /dev/zero | tr '\\0' x >&2; exit 3")
	var failed *ProgramError
	if !errors.As(err, &failed) || failed.Code != 3 || len(failed.Stderr) != programErrors || string(out) != "result\n" {
		t.Errorf("got %q, %T", out, err)
	}
}

func TestRunEndsTheWholeGroup(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pidFile := filepath.Join(t.TempDir(), "pid")
	ended := make(chan error, 1)
	go func() {
		// The grandchild holds the pipe open: ending the shell alone would leave Run waiting for it.
		_, err := Host{}.Run(ctx, "sh", "-c", "sleep 1000 & echo $! > "+pidFile+"; wait")
		ended <- err
	}()
	grandchild := readPid(t, pidFile) // only then: a busy machine needs a while to start them
	cancel()
	var err error
	select {
	case err = <-ended:
	case <-time.After(patience):
		t.Fatal("Run waits for the grandchild")
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if want := "cannot run sh: stopped: "; err != nil && !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s…", err, want)
	}
	waitFor(t, "the end of the grandchild", func() bool { return !alive(grandchild) })
}

// alive reports whether the process runs; a zombie does not.
func alive(pid int) bool {
	data, err := os.ReadFile("/proc/" + itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	return !strings.HasPrefix(rest, "Z") && unix.Kill(pid, 0) == nil
}

// patience is how long a test waits for what must come, however slow the machine is.
const patience = time.Minute

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("timed out waiting for ", what)
		}
	}
}

func readPid(t *testing.T, file string) int {
	t.Helper()
	pid := 0
	waitFor(t, file, func() bool {
		data, _ := os.ReadFile(file)
		pid = leadingNumber(string(data))
		return pid > 0 && strings.HasSuffix(string(data), "\n")
	})
	return pid
}
