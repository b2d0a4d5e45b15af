package host

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// someone is a user of a number that nobody else has. Without root it is who runs the test.
func someone(t *testing.T) Account {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to run something as another user")
	}
	const free = 63000 // neither adduser nor systemd gives them away
	id := free + os.Getpid()%1000
	return Account{Name: "someone", Home: "/", Shell: "/bin/sh", UID: id, GID: id, Groups: []int{id + 1000, id + 2000}}
}

// running are the processes of a user.
func running(t *testing.T, uid int) (list []string) {
	t.Helper()
	statuses, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range statuses {
		text, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(text), "\nUid:\t"+itoa(uid)+"\t") {
			name, _, _ := strings.Cut(string(text), "\n")
			list = append(list, file+" "+name)
		}
	}
	return list
}

// end is a mark that the programs of these tests print when they have said all.
func end(said []byte) bool { return bytes.HasSuffix(said, []byte("END\n")) }

func sh(script string) []string { return []string{"/bin/sh", "-c", script} }

// runAs is RunAs, as often as a machine with much to do takes longer over what it is to answer than it is given.
func runAs(t *testing.T, u Account, script string) (said []byte, err error) {
	t.Helper()
	for range 20 {
		said, err = Host{}.RunAs(t.Context(), u, sh(script), []string{"PATH=/usr/bin:/bin"}, end)
		if !errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	return said, err
}

func TestAProgramOfAUserHasNothingOfRoot(t *testing.T) {
	u := someone(t)
	r, w, err := os.Pipe() // as from a caller of ours who has left it open
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := unix.FcntlInt(w.Fd(), unix.F_SETFD, 0); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rooted := filepath.Join(dir, "id") // as sudo is: whoever runs it is root
	program, err := os.ReadFile("/usr/bin/id")
	if err := errors.Join(err, os.Chmod(filepath.Dir(dir), 0o755), os.WriteFile(rooted, program, 0o755), os.Chmod(rooted, 0o755|os.ModeSetuid)); err != nil {
		t.Fatal(err)
	}
	for what, tc := range map[string]struct{ script, want string }{
		"set-user-ID":     {rooted + " -u", itoa(u.UID)},
		"user and groups": {"id -u; id -g; id -G", strings.Join([]string{itoa(u.UID), itoa(u.GID), itoa(u.GID) + " " + itoa(u.GID+1000) + " " + itoa(u.GID+2000)}, "\n")},
		"privileges": {
			`sed -n 's/^\(CapInh\|CapPrm\|CapEff\|CapAmb\|NoNewPrivs\):\t//p' /proc/self/status`,
			"0000000000000000\n0000000000000000\n0000000000000000\n0000000000000000\n1",
		},
		"descriptors":       {"for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e /proc/$$/fd/$fd ] && echo $fd; done; readlink /proc/$$/fd/0 /proc/$$/fd/2", "/dev/null\n/dev/null"},
		"no terminal":       {`(: </dev/tty) 2>/dev/null || echo none`, "none"},
		"its session":       {`[ "$(cut -d' ' -f6 /proc/$$/stat)" = $$ ] && echo its own`, "its own"},
		"environment":       {`tr '\0' ' ' </proc/$$/environ`, "PATH=/usr/bin:/bin "},
		"no input":          {"cat; echo over", "over"},
		"no signal ignored": {`sed -n 's/^SigIgn:\t.*\(.......\)$/\1/p' /proc/self/status`, "0000000"},
	} {
		t.Run(what, func(t *testing.T) {
			said, err := runAs(t, u, tc.script+"; echo END")
			if got := strings.TrimSuffix(strings.TrimSuffix(string(said), "END\n"), "\n"); got != tc.want || err != nil {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

// Whatever a program does in order to stay, it is gone when RunAs returns, and that is soon.
func TestNothingOfAProgramOfAUserStays(t *testing.T) {
	u := someone(t)
	const daemon = `setsid sh -c '(setsid sh -c "trap \"\" TERM HUP; sleep 100" &) ; exit' &` // twice forked, in a session of its own
	for what, tc := range map[string]struct {
		script string
		says   string // after the last mark was printed
		err    error
	}{
		"it sleeps for ever":                 {"sleep 100", "", context.DeadlineExceeded},
		"it says all and sleeps":             {"echo END; sleep 100", "END\n", nil},
		"it leaves a child with its output":  {"sleep 100 & echo END", "END\n", nil},
		"it leaves a child and says nothing": {"sleep 100 & exit", "", context.DeadlineExceeded},
		"it leaves a daemon":                 {daemon + " sleep 0.2; echo END", "END\n", nil},
		"it leaves many":                     {"for i in 1 2 3 4 5; do for j in 1 2 3 4 5; do " + daemon + " done; done; echo END; sleep 100", "END\n", nil},
		"it forks on and on":                 {`f() { sleep 0.01; [ $1 = 0 ] || f $(($1 - 1)) & [ $1 = 0 ] || f $(($1 - 1)) & }; echo END; f 8; sleep 100`, "END\n", nil},
		"it ends":                            {"exit 3", "", nil},
		"it closes its output":               {"exec >&-; sleep 100", "", nil},
		"it becomes another program":         {"exec sleep 100", "", context.DeadlineExceeded},
		"it cannot be asked to end":          {"trap '' TERM HUP INT QUIT; while :; do :; done", "", context.DeadlineExceeded},
		"it prints without end":              {"exec yes", "", ErrTooMuchOutput},
		"it stops itself":                    {"kill -STOP $$", "", context.DeadlineExceeded},
	} {
		t.Run(what, func(t *testing.T) {
			begin := time.Now()
			said, err := Host{}.RunAs(t.Context(), u, sh(tc.script), []string{"PATH=/usr/bin:/bin"}, end)
			took := time.Since(begin)
			if errors.Is(err, context.DeadlineExceeded) && !errors.Is(tc.err, context.DeadlineExceeded) {
				said, err = runAs(t, u, tc.script)
			}
			if !errors.Is(err, tc.err) || tc.err == nil && err != nil {
				t.Errorf("error = %v, want %v", err, tc.err)
			}
			if tc.err == nil && string(said) != tc.says {
				t.Errorf("it said %q, want %q", said, tc.says)
			}
			if left := running(t, u.UID); left != nil {
				t.Errorf("these still run: %q", left)
			}
			if most := RunAsTime + runAsEnd + 10*time.Second; took > most { // a busy machine is given time
				t.Errorf("it took %s", took)
			}
		})
	}
	if list, err := (Host{}).children(); err != nil || len(list) > 0 {
		t.Errorf("this process has the children %v, %v", list, err)
	}
}

func TestAProgramOfAUserIsStoppedWithItsCaller(t *testing.T) {
	u := someone(t)
	ctx, cancel := context.WithCancel(t.Context())
	said, err := Host{}.RunAs(ctx, u, sh("echo begun; sleep 100"), []string{"PATH=/usr/bin:/bin"}, func(said []byte) bool {
		cancel()
		return false
	})
	if !errors.Is(err, context.Canceled) || string(said) != "begun\n" {
		t.Errorf("got %q, %v", said, err)
	}
	if left := running(t, u.UID); left != nil {
		t.Errorf("these still run: %q", left)
	}
}

// What this process has started otherwise is let alone.
func TestAProgramOfAUserTakesNobodyElseWithIt(t *testing.T) {
	u := someone(t)
	other, err := os.StartProcess("/bin/sleep", []string{"sleep", "1000"}, &os.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = other.Wait() }()
	defer func() { _ = other.Kill() }()
	if _, err := runAs(t, u, "sleep 100 & echo END"); err != nil {
		t.Error(err)
	}
	if !alive(other.Pid) {
		t.Error("a child that was there before is gone")
	}
	if text, err := os.ReadFile("/proc/self/task/" + itoa(unix.Gettid()) + "/status"); err != nil || strings.Contains(string(text), "NoNewPrivs:\t1") {
		t.Errorf("this thread can gain no privilege any more: %v", err)
	}
}

func TestNothingRunsAsRootInTheNameOfAUser(t *testing.T) {
	said, err := Host{}.RunAs(t.Context(), Account{Name: "toor"}, sh("echo END"), nil, end)
	if !errors.Is(err, ErrRoot) || said != nil {
		t.Errorf("got %q, %v", said, err)
	}
	image, err := At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := image.RunAs(t.Context(), Account{UID: 1000}, sh("echo END"), nil, end); !errors.Is(err, ErrNoKernel) {
		t.Errorf("an image: %v", err)
	}
}
