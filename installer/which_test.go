package installer

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// ubuntuFiles is a root with the start-up files of an Ubuntu, and with the Go of tcptune and of apt.
var ubuntuFiles = map[string]string{
	"/etc/environment": `PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games:/usr/local/games:/snap/bin"` + "\n",
	"/etc/profile.d/apps-bin-path.sh": `snap_bin_path="/snap/bin"
if [ -n "${PATH##*${snap_bin_path}}" ] && [ -n "${PATH##*${snap_bin_path}:*}" ]; then
    PATH="$PATH:${snap_bin_path}"
fi
`,
	"/etc/sudoers": `Defaults	env_reset
Defaults	secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"
root	ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
`,
	"/usr/lib/go-1.22/VERSION":                 "go1.22.2\n",
	"/usr/local/lib/tcptune/go/1.26.3/VERSION": "go1.26.3\ntime 2026-01-01\n",
	"/var/lib/dpkg/arch":                       "amd64\n",
}

var ubuntuPrograms = []string{
	"/usr/bin/sudo", "/usr/lib/go-1.22/bin/go", "/usr/local/lib/tcptune/go/1.26.3/bin/go",
}

var ubuntuLinks = map[string]string{
	"/usr/bin/go":       "../lib/go-1.22/bin/go",
	"/usr/local/go":     "lib/tcptune/go/1.26.3",
	"/usr/local/bin/go": "../go/bin/go",
}

// site is that Ubuntu with files changed, "" for removed, and observed.
func site(t *testing.T, files map[string]string) Site {
	t.Helper()
	root := t.TempDir()
	put := func(p, text string, mode os.FileMode) {
		p = filepath.Join(root, p)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	for p, text := range ubuntuFiles {
		if _, changed := files[p]; !changed {
			put(p, text, 0o644)
		}
	}
	for _, p := range ubuntuPrograms {
		put(p, "", 0o755)
	}
	for p, text := range files {
		switch {
		case text == "":
		case strings.HasSuffix(p, "/go"):
			put(p, text, 0o755)
		default:
			put(p, text, 0o644)
		}
	}
	for p, text := range ubuntuLinks {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, p)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(text, filepath.Join(root, p)); err != nil {
			t.Fatal(err)
		}
	}
	h, err := host.At(root)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Observe(h, plan.Journal{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOnUbuntuAllShellsRunTheActiveGo(t *testing.T) {
	t.Parallel()
	const env, active = "/etc/environment:1", "/usr/local/bin/go"
	want := []report.GoShell{
		{Target: "login shell", State: "active", Go: active, Version: "1.26.3", By: "tcptune", Why: "/usr/local/bin comes first in PATH, by " + env},
		{Target: "shell", State: "active", Go: active, Version: "1.26.3", By: "tcptune", Why: "/usr/local/bin comes first in PATH, by " + env},
		{Target: "sudo", State: "active", Go: active, Version: "1.26.3", By: "tcptune", Why: "/usr/local/bin comes first in PATH, by /etc/sudoers:2"},
	}
	s := site(t, nil)
	got := s.Shells()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if lines := s.Strays(); lines != nil {
		t.Errorf("got strays %q", lines)
	}
}

// TestWhichGoAShellRuns changes one file of an Ubuntu at a time.
func TestWhichGoAShellRuns(t *testing.T) {
	t.Parallel()
	const apt, active, hand = "/usr/bin/go", "/usr/local/bin/go", "/opt/go/bin/go"
	toolchain := func(files map[string]string) map[string]string {
		files[hand] = "#!/bin/sh\n"
		files["/opt/go/VERSION"] = "go1.20\n"
		return files
	}
	for name, tc := range map[string]struct {
		files  map[string]string
		target string
		goes   string // what it runs; "" for nothing
		by     string // who decides: the end of why
		fix    string // begins so
		doubt  string // part of one; "" for none
	}{
		"a stray line in a profile.d": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "# go\nexport PATH=/opt/go/bin:$PATH\n"}), "login shell", hand,
			"/etc/profile.d/zz.sh:2", "put /usr/local/bin before /opt/go/bin in /etc/profile.d/zz.sh:2", "",
		},
		"in quotes, and exported behind": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "PATH=\"/opt/go/bin:${PATH}\" ; export PATH # ours\n"}), "login shell", hand,
			"/etc/profile.d/zz.sh:1", "put", "",
		},
		"a stray line in a profile.d is not read by other shells": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "export PATH=/opt/go/bin:$PATH\n"}), "shell", active, "/etc/environment:1", "", "",
		},
		"a file that is no script of the shell": {
			toolchain(map[string]string{"/etc/profile.d/zz.csh": "PATH=/opt/go/bin:$PATH\n"}), "login shell", active, "/etc/environment:1", "", "",
		},
		"a stray line behind": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "PATH=$PATH:/opt/go/bin; export PATH\n"}), "login shell", active,
			"/etc/environment:1", "", "",
		},
		"another variable whose name ends so": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "MANPATH=/opt/go/bin\nexport GOPATH=/opt/go/bin\n"}), "login shell", active,
			"/etc/environment:1", "", "",
		},
		"a variable": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "GOHOME=/opt/go\nexport PATH=\"${GOHOME}/bin:${PATH}\"\n"}), "login shell",
			active, "/etc/environment:1", "", "cannot tell what /etc/profile.d/zz.sh:2 makes of it",
		},
		"a condition": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "if hash nix; then\nPATH=/opt/go/bin:$PATH\nfi\n"}), "login shell", active,
			"/etc/environment:1", "", "cannot tell what /etc/profile.d/zz.sh:2 makes of it",
		},
		"a condition that changes nothing": {
			map[string]string{"/etc/profile.d/zz.sh": "hash nix && PATH=/nix/bin:$PATH\n"}, "login shell", active, "/etc/environment:1", "", "",
		},
		"what is put behind by a condition": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "[ -d /x ] && PATH=\"$PATH:$(brew --prefix)\"\n"}), "login shell", active,
			"/etc/environment:1", "", "",
		},
		"what is put behind by a condition, and nothing before": {
			map[string]string{"/etc/environment": "PATH=/bin\n", "/etc/profile.d/zz.sh": "[ -d /x ] && PATH=\"$PATH:$x\"\n"},
			"login shell", "",
			"(/etc/environment:1)", "add", "cannot tell what /etc/profile.d/zz.sh:1 makes of it",
		},
		"a text that is no command": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "cat <<END\nexport PATH=/opt/go/bin:$PATH\nEND\n# PATH=/opt/go/bin\n"}), "login shell",
			active, "/etc/environment:1", "", "cannot tell what /etc/profile.d/zz.sh:2",
		},
		"our own profile": {
			map[string]string{"/etc/profile.d/tcptune-go.sh": "case \":$PATH:\" in\n*:/usr/local/go/bin:*) ;;\n*) PATH=/usr/local/go/bin:$PATH ;;\nesac\nexport PATH\n"},
			"login shell", "/usr/local/go/bin/go", "/etc/profile.d/tcptune-go.sh", "", "",
		},
		"pam_env expands nothing": {
			toolchain(map[string]string{"/etc/environment": "PATH=/opt/go/bin:$PATH\n"}), "shell", hand, "/etc/environment:1", "put", "",
		},
		"the last line counts": {
			map[string]string{"/etc/environment": "PATH=/usr/local/bin\nexport PATH = '/usr/bin:/bin'\n"}, "shell", apt, "/etc/environment:2", "put", "",
		},
		"secure_path in a drop-in": {
			map[string]string{"/etc/sudoers.d/path": "Defaults secure_path = /usr/sbin:/usr/bin\n"},
			"sudo", apt, "/etc/sudoers.d/path:1",
			"put /usr/local/bin before /usr/bin in the secure_path of /etc/sudoers.d/path:1 (visudo)", "",
		},
		"a drop-in that sudo skips": {
			map[string]string{"/etc/sudoers.d/path.old": "Defaults secure_path=/usr/bin\n"}, "sudo", active, "/etc/sudoers:2", "", "",
		},
		"secure_path for some": {
			map[string]string{"/etc/sudoers.d/path": "Defaults:alice secure_path=/usr/bin\n"},
			"sudo", active, "/etc/sudoers:2", "",
			"cannot tell what /etc/sudoers.d/path:1 makes of it",
		},
		"secure_path beside others": {
			map[string]string{"/etc/sudoers.d/path": "Defaults secure_path = /usr/bin, env_reset\n"},
			"sudo", active, "/etc/sudoers:2", "",
			"cannot tell what /etc/sudoers.d/path:1 makes of it",
		},
		"another file of sudo": {
			map[string]string{"/etc/sudoers.d/path": "@include /etc/sudoers.%h\n"}, "sudo", active, "/etc/sudoers:2", "", "cannot tell what /etc/sudoers.d/path:1",
		},
		"no secure_path": {
			map[string]string{"/etc/sudoers": "# Defaults secure_path=/usr/bin\n"}, "sudo", active, "/etc/environment:1", "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got report.GoShell
			list := site(t, tc.files).Shells()
			for _, g := range list {
				if g.Target == tc.target {
					got = g
				}
			}
			if got.Target == "" || got.Go != tc.goes {
				t.Fatalf("%s runs %q, want %q: %+v", tc.target, got.Go, tc.goes, got)
			}
			if !strings.HasSuffix(got.Why, tc.by) {
				t.Errorf("why: %q, want it by %s", got.Why, tc.by)
			}
			if !strings.HasPrefix(got.Fix, tc.fix) || got.Fix != "" && tc.fix == "" {
				t.Errorf("fix: %q, want %q", got.Fix, tc.fix)
			}
			if doubts := strings.Join(got.Doubts, "\n"); !strings.Contains(doubts, tc.doubt) || doubts != "" && tc.doubt == "" {
				t.Errorf("doubts: %q, want %q", doubts, tc.doubt)
			}
		})
	}
}

// What go would find in the environment is said beside it.
func TestTheVariablesOfGoAreTold(t *testing.T) {
	t.Parallel()
	s := site(t, map[string]string{
		"/etc/environment":     "PATH=/usr/local/bin\nGOTOOLCHAIN=local\n",
		"/etc/profile.d/zz.sh": "export GOROOT=/opt/go\nexport GOFLAGS=\"-mod=mod -v\"\n",
	})
	for _, g := range s.Shells() {
		got := [3]string{g.Goroot, g.Goflags, g.Gotoolchain}
		want := map[string][3]string{"login shell": {"/opt/go", "-mod=mod -v", "local"}, "shell": {"", "", "local"}}[g.Target]
		if got != want {
			t.Errorf("%s: %q, want %q", g.Target, got, want)
		}
	}
}

func TestWithoutAPathInTheEnvironmentNothingIsSaid(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"none": "", "no PATH": "LANG=C\n", "one that cannot be shown": "PATH=/usr/local/bin:/\x1b[31m\n"} {
		for _, g := range site(t, map[string]string{"/etc/environment": text}).Shells() {
			if g.Target != "sudo" && (g.State != shellUnknown || g.Why != "cannot tell: /etc/environment sets no PATH") {
				t.Errorf("%s: %+v", name, g)
			}
		}
	}
}

// A FIFO would wait for its other end for ever, and to open a device may act.
func TestNothingButARegularFileIsOpened(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make a device")
	}
	for what, mode := range map[string]uint32{"FIFO": unix.S_IFIFO, "device": unix.S_IFCHR} {
		for _, file := range []string{"/opt/go/VERSION", "/etc/environment", "/etc/profile.d/zz.sh", "/etc/sudoers.d/zz", "/etc/sudoers", "/usr/local/lib/tcptune/go/1.26.3/VERSION"} {
			t.Run(what+" "+file, func(t *testing.T) {
				s := site(t, map[string]string{file: "", "/etc/profile.d/yy.sh": "PATH=/opt/go/bin:$PATH\n", "/opt/go/bin/go": ""})
				at := filepath.Join(s.h.Root(), file)
				if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), unix.Mknod(at, mode|0o666, int(unix.Mkdev(1, 3)))); err != nil {
					t.Fatal(err)
				}
				opened := watch(t, at)
				s.Shells()
				s.List(t.Context())
				if opened() {
					t.Error("it was opened")
				}
			})
		}
	}
}

// watch returns whether somebody has opened the file since.
func watch(t *testing.T, file string) (opened func() bool) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if _, err := unix.InotifyAddWatch(fd, file, unix.IN_OPEN); err != nil {
		t.Fatal(err)
	}
	return func() bool {
		n, err := unix.Read(fd, make([]byte, 4096))
		return n > 0 && err == nil
	}
}

func TestWhatCannotBeReadIsNotGuessed(t *testing.T) {
	t.Parallel()
	s := site(t, map[string]string{"/etc/sudoers": ""})
	root, err := s.h.OSPath("/etc")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "sudoers"), 0o755); err != nil { // no regular file
		t.Fatal(err)
	}
	list := s.Shells()
	for _, g := range list {
		if g.Target == "sudo" && (g.State != shellUnknown || g.Go != "" || !strings.Contains(g.Why, "cannot read /etc/sudoers")) {
			t.Errorf("got %+v", g)
		}
	}
}

func TestAFileCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	s := site(t, map[string]string{
		"/etc/profile.d/zz.sh": "PATH=/opt/\x1b]0;x\x07/bin:/opt/go/bin:$PATH\nexport GOFLAGS=\x1b[31m\n",
		"/opt/go/bin/go":       "#!/bin/sh\n",
		"/opt/go/VERSION":      "go1\x1b[31m\n",
		"/etc/environment":     "PATH=/opt/go/bin\nGOROOT=\x1b[31m\n",
	})
	for _, g := range s.Shells() {
		for _, text := range append([]string{g.Target, g.Go, g.Why, g.Fix, g.Version, g.Goroot, g.Goflags}, g.Doubts...) {
			if text != "" && !plain(text) {
				t.Errorf("%s: %q", g.Target, text)
			}
		}
	}
}

// FuzzLooks: whatever is in a file, what is said of it can be shown, and names a line that is there.
func FuzzLooks(f *testing.F) {
	for _, text := range ubuntuFiles {
		f.Add(text)
	}
	for _, text := range []string{"a\n)", "PATH=~nobody/bin:${!x}", "export PATH=\"$PATH", "Defaults secure_path=\"", "PATH=\nPATH=$PATH:$PATH:$PATH\n"} {
		f.Add(text)
	}
	root := f.TempDir()
	h, err := host.At(root)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, file := range []string{"etc/environment", "etc/profile.d/x.sh", "etc/sudoers", "usr/bin/sudo"} {
			file = filepath.Join(root, file)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o755)); err != nil {
				t.Fatal(err)
			}
		}
		for _, g := range (Site{h: h}).Shells() {
			for _, text := range append([]string{g.Why, g.Goroot, g.Goflags, g.Gotoolchain}, g.Doubts...) {
				if text != "" && !plain(text) {
					t.Errorf("%s: %q", g.Target, text)
				}
			}
		}
	})
}
