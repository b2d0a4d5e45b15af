package host

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// detachParent is set for the copy of this test binary that plays the command whose terminal goes away.
const detachParent = "TCPTUNE_TEST_DETACH"

// TestDetachSurvives runs the test binary again in a session of its own, has that process detach a sleep, kills its
// whole session as the end of an SSH login does, and finds the sleep alive, alone and without its parent's files.
func TestDetachSurvives(t *testing.T) {
	if file := os.Getenv(detachParent); file != "" {
		detachAndWait(t, file)
		return
	}
	pidFile := filepath.Join(t.TempDir(), "pid")
	inherited, writer, err := os.Pipe() // stands for the pipe of a script that waits for us
	if err != nil {
		t.Fatal(err)
	}
	defer inherited.Close()
	parent, err := os.StartProcess("/proc/self/exe", []string{"host.test", "-test.run=^TestDetachSurvives$"}, &os.ProcAttr{
		Env:   []string{detachParent + "=" + pidFile},
		Files: []*os.File{nil, nil, os.Stderr, writer},
		Sys:   &unix.SysProcAttr{Setsid: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	pid := readPid(t, pidFile)
	t.Cleanup(func() { _ = unix.Kill(pid, unix.SIGKILL) })

	_ = unix.Kill(-parent.Pid, unix.SIGHUP)
	_ = unix.Kill(-parent.Pid, unix.SIGKILL)
	if _, err := parent.Wait(); err != nil {
		t.Fatal(err)
	}
	if !alive(pid) {
		t.Fatal("the detached process ended with its parent's session")
	}
	// All writers of the pipe are gone, or this would block.
	if n, _ := inherited.Read(make([]byte, 1)); n != 0 {
		t.Error("the pipe was written to")
	}
	if sid, err := unix.Getsid(pid); sid != pid || err != nil {
		t.Errorf("session %d, %v, want its own, %d", sid, err, pid)
	}
	// The loader of the new program opens a library and closes it again; what was inherited would stay.
	waitFor(t, "open files but 0, 1 and 2 are gone", func() bool {
		fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		return err == nil && len(fds) == 3
	})
	for fd := range 3 {
		if to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd)); to != os.DevNull || err != nil {
			t.Errorf("file %d is %s, %v", fd, to, err)
		}
	}
	if dir, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); dir != "/" || err != nil {
		t.Errorf("folder %s, %v", dir, err)
	}
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil || strings.Contains(string(env), detachParent) {
		t.Errorf("environment %q, %v", env, err)
	}
}

func detachAndWait(t *testing.T, file string) {
	pid, err := Host{}.Detach([]string{"/bin/sleep", "1000"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(itoa(pid)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for { // until the session is killed; an empty select would end as a deadlock
		_ = unix.Pause()
	}
}

func TestDetachRefuses(t *testing.T) {
	t.Parallel()
	for _, argv := range [][]string{nil, {}, {"sleep", "1"}, {"./sleep"}, {""}} {
		if pid, err := (Host{}).Detach(argv); err == nil {
			_ = unix.Kill(pid, unix.SIGKILL)
			t.Errorf("%q is started", argv)
		}
	}
	_, err := Host{}.Detach([]string{"/no/such/program"})
	if want := "cannot start /no/such/program: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
