package host

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestExec is also the process that is replaced: playEnv then holds the system call that is missing, or "".
func TestExec(t *testing.T) {
	if missing, plays := os.LookupEnv(playEnv); plays {
		if missing != "" {
			forbid(t, unix.SYS_CLOSE_RANGE)
		}
		signal.Notify(make(chan os.Signal, 1), unix.SIGUSR1)
		script := os.Getenv("SCRIPT")
		t.Fatal(Host{}.Exec([]string{"sh", "-c", script, "name", "a b", ""}, []string{"PATH=/nowhere:/bin", "ONLY=this"}))
	}
	// Of the first 28 signals: glibc ignores two of its own, 32 and 33, in what posix_spawn(3) starts, as make does.
	status := func(field string) string {
		return `exec sed -n 's/^` + field + `:\t.*\(.......\)$/\1/p' /proc/self/status`
	}
	tests := []struct {
		name, before, script, want string
	}{
		{"the arguments arrive", "", `echo "$0,$#,$1,$2"`, "name,2,a b,\n"},
		{"the environment is the given one", "", `tr '\0' ' ' </proc/self/environ`, "PATH=/nowhere:/bin ONLY=this "},
		{"the process stays the same", "", `[ $$ = $(cat) ] && echo same`, "same\n"},
		{"its folder too", "cd /usr", `pwd`, "/usr\n"},
		{"input, output and errors pass", "", `cat >/dev/null; echo out; echo errors >&2`, "out\nerrors\n"},
		{"other descriptors do not", "exec 3</dev/null 4</dev/null 9</dev/null", `for fd in 3 4 5 6 7 8 9; do [ -e /proc/self/fd/$fd ] && echo $fd; done; echo end`, "end\n"},
		{"the soft limit that Go raises is back", "ulimit -Sn 123", `ulimit -Sn`, "123\n"},
		{"no signal is caught", "", status("SigCgt"), "0000000\n"},
		{"no signal is blocked", "", status("SigBlk"), "0000000\n"},
		{"no signal is ignored", "", status("SigIgn"), "0000000\n"},
		{"SIGHUP and SIGINT stay ignored", "trap '' HUP INT", status("SigIgn"), "0000003\n"},
	}
	for _, test := range tests {
		for _, missing := range []string{"", "close_range"} {
			t.Run(test.name+" "+missing, func(t *testing.T) {
				// The shell prints its number, which is that of the command in the end, into the command's input.
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				cmd := exec.Command("/bin/sh", "-c", "echo $$ >&3; exec 3>&-; "+test.before+"\nexec "+executable(t)+" -test.run='^TestExec$'")
				cmd.Env = []string{playEnv + "=" + missing, "SCRIPT=" + test.script}
				cmd.Stdin = r
				cmd.ExtraFiles = []*os.File{w}
				var out strings.Builder
				cmd.Stdout, cmd.Stderr = &out, &out
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				_ = w.Close()
				_ = cmd.Wait()
				if diff := cmp.Diff(test.want, out.String()); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func executable(t *testing.T) string {
	t.Helper()
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestExecRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	plain := write("plain", "", 0o644)
	orphan := write("orphan", "#!/no/such/shell\n", 0o755)
	empty := write("empty", "", 0o755)
	for _, test := range []struct {
		argv []string
		want string
		is   error
	}{
		{nil, "cannot run a command without a name", nil},
		{[]string{""}, "cannot run a command without a name", nil},
		{[]string{"no-such-command"}, "cannot run no-such-command: file does not exist in PATH", fs.ErrNotExist},
		{[]string{"/no/such/command"}, "cannot run /no/such/command: no such file or directory", fs.ErrNotExist},
		{[]string{"plain"}, "cannot run plain: " + plain + ": permission denied", fs.ErrPermission},
		{[]string{plain}, "cannot run " + plain + ": permission denied", fs.ErrPermission},
		{[]string{dir}, "cannot run " + dir + ": permission denied", fs.ErrPermission},
		{[]string{orphan}, "cannot run " + orphan + ": its interpreter is missing: no such file or directory", fs.ErrNotExist},
		{[]string{"empty"}, "cannot run empty: exec format error", unix.ENOEXEC},
		{[]string{empty, "\x00"}, "cannot run " + empty + ": invalid argument", unix.EINVAL},
		{[]string{empty, strings.Repeat("x", 1<<20)}, "cannot run " + empty + ": argument list too long", unix.E2BIG},
	} {
		err := Host{}.Exec(test.argv, []string{"PATH=" + dir})
		if err == nil || err.Error() != test.want || (test.is != nil && !errors.Is(err, test.is)) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	image := tree(t, map[string]string{"bin/sh": ""})
	if err := image.Exec([]string{"/bin/sh"}, nil); !errors.Is(err, ErrNoKernel) {
		t.Errorf("on an image: %v", err)
	}
	if _, err := image.LookCommand("/bin/sh", nil); !errors.Is(err, ErrNoKernel) {
		t.Errorf("on an image: %v", err)
	}
}

func TestLookCommand(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{
		"first/both": 0o755, "second/both": 0o755,
		"first/later": 0o644, "second/later": 0o755,
		"first/folder/": 0o755, "second/folder": 0o755,
		"here/local": 0o755,
		"here/both":  0o755,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(file, mode); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(file, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(dir, "here"))
	t.Setenv("PATH", dir+"/here") // is not to be asked
	first, second := dir+"/first", dir+"/second"
	for _, test := range []struct {
		rule, name string
		env        []string
		want       string // "" for fs.ErrNotExist
	}{
		{"the first folder wins", "both", []string{"A=b", "PATH=" + first + ":" + second}, first + "/both"},
		{"the first PATH wins", "both", []string{"PATH=" + second, "PATH=" + first}, second + "/both"},
		{"a file that may not be run is passed by", "later", []string{"PATH=" + first + ":" + second}, second + "/later"},
		{"so is a folder", "folder", []string{"PATH=" + first + ":" + second}, second + "/folder"},
		{"a missing folder does no harm", "both", []string{"PATH=/nowhere:" + second}, second + "/both"},
		{"without PATH, the folders of the system", "sh", []string{"OTHERPATH=/nowhere"}, "/usr/bin/sh"},
		{"an empty PATH is none of them", "sh", []string{"PATH="}, ""},
		{"an empty entry is not the current folder", "local", []string{"PATH=:" + first + "::"}, ""},
		{"nor is a dot", "local", []string{"PATH=.:./:../here"}, ""},
		{"what stands there hides nothing", "both", []string{"PATH=.::" + first}, first + "/both"},
		{"with a slash it is used as it is", "./local", []string{"PATH=" + first}, "./local"},
		{"also below the current folder", "../first/both", nil, "../first/both"},
		{"and then PATH does not help", "./later", []string{"PATH=" + second}, ""},
	} {
		got, err := Host{}.LookCommand(test.name, test.env)
		if got != test.want || errors.Is(err, fs.ErrNotExist) != (test.want == "") || (err != nil) != (test.want == "") {
			t.Errorf("%s: got %q, %v, want %q", test.rule, got, err, test.want)
		}
	}
}

// TestLookCommandAsksTheKernel needs a file whose mode alone says that it may be run.
func TestLookCommandAsksTheKernel(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 || testing.Short() {
		t.Skip("needs root for a mount namespace")
	}
	if os.Getenv(playEnv) == "" {
		rerun(t, "noexec", &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNS})
		return
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOEXEC, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) }) // before the folder is removed
	if err := os.WriteFile(dir+"/command", nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if file, err := (Host{}).LookCommand("command", []string{"PATH=" + dir}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("on a noexec mount: got %q, %v", file, err)
	}
}
