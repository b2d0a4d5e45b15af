package installer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// ubuntuFiles is a root with the start-up files of an Ubuntu, and with the Go of tcptune and of apt.
var ubuntuFiles = map[string]string{
	"/etc/environment": `PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games:/usr/local/games:/snap/bin"` + "\n",
	"/etc/passwd": `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
alice:x:1000:1000:Alice,,,:/home/alice:/bin/bash
zoe:x:1001:1001::/home/zoe:/usr/bin/zsh
`,
	"/etc/profile": `if [ "${PS1-}" ]; then
  if [ "${BASH-}" ] && [ "$BASH" != "/bin/sh" ]; then
    if [ -f /etc/bash.bashrc ]; then
      . /etc/bash.bashrc
    fi
  fi
fi
if [ -d /etc/profile.d ]; then
  for i in /etc/profile.d/*.sh; do
    if [ -r $i ]; then
      . $i
    fi
  done
  unset i
fi
`,
	"/etc/bash.bashrc": "[ -z \"$PS1\" ] && return\nshopt -s checkwinsize\n",
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
	"/etc/crontab":                         "SHELL=/bin/sh\n#PATH=/usr/local/sbin:/usr/local/bin\n17 *	* * *	root	cd / && run-parts /etc/cron.hourly\n",
	"/usr/lib/systemd/system/cron.service": "[Service]\nExecStart=/usr/sbin/cron -f -P $EXTRA_OPTS\n",
	"/home/alice/.profile": `if [ -n "$BASH_VERSION" ]; then
    if [ -f "$HOME/.bashrc" ]; then
	. "$HOME/.bashrc"
    fi
fi
if [ -d "$HOME/bin" ] ; then
    PATH="$HOME/bin:$PATH"
fi
`,
	"/home/alice/.bashrc":                      "case $- in\n    *i*) ;;\n      *) return;;\nesac\nHISTSIZE=1000\n",
	"/usr/lib/go-1.22/VERSION":                 "go1.22.2\n",
	"/usr/local/lib/tcptune/go/1.26.3/VERSION": "go1.26.3\ntime 2026-01-01\n",
	"/var/lib/dpkg/arch":                       "amd64\n",
}

var ubuntuPrograms = []string{
	"/usr/bin/sudo", "/usr/sbin/cron", "/usr/bin/zsh", "/usr/lib/go-1.22/bin/go", "/usr/local/lib/tcptune/go/1.26.3/bin/go",
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
	const env, active = "/etc/environment:1", "/usr/local/bin/go"
	want := []report.GoShell{
		{Target: "login shell", State: "active", Go: active, Version: "1.26.3", By: "tcptune", Why: "/usr/local/bin comes first in PATH, by " + env},
		{Target: "shell", State: "active", Go: active, Version: "1.26.3", By: "tcptune", Why: "/usr/local/bin comes first in PATH, by " + env},
		{Target: "zsh", State: "active", Go: active, Version: "1.26.3", By: "tcptune", Why: "/usr/local/bin comes first in PATH, by " + env},
		{Target: "sudo", State: "active", Go: active, Version: "1.26.3", By: "tcptune", Why: "/usr/local/bin comes first in PATH, by /etc/sudoers:2"},
		{Target: "cron", State: "active", Go: active, Version: "1.26.3", By: "tcptune", Why: "/usr/local/bin comes first in PATH, by systemd, see -P in /usr/lib/systemd/system/cron.service"},
	}
	s := site(t, nil)
	got, unread := s.Shells()
	if unread != nil {
		t.Errorf("cannot read the files of %q", unread)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if lines := s.Strays(); lines != nil {
		t.Errorf("got strays %q", lines)
	}
}

// TestWhichGoAShellRuns changes one file of an Ubuntu at a time.
func TestWhichGoAShellRuns(t *testing.T) {
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
		"a stray line in a profile.d is not read by other shells": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "export PATH=/opt/go/bin:$PATH\n"}), "shell", active, "/etc/environment:1", "", "",
		},
		"a stray line behind": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "PATH=$PATH:/opt/go/bin; export PATH\n"}), "login shell", active, "/etc/environment:1", "", "",
		},
		"a variable of the same file": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "GOHOME=/opt/go\nexport PATH=\"${GOHOME}/bin:${PATH}\"\n"}), "login shell", hand,
			"/etc/profile.d/zz.sh:2", "put /usr/local/bin before", "",
		},
		"a variable that nobody knows": {
			map[string]string{"/etc/profile.d/zz.sh": "export PATH=$SDK/bin:$PATH\n"},
			"login shell", active, "/etc/environment:1", "",
			"a folder that comes before, by /etc/profile.d/zz.sh:1, is not known",
		},
		"an unknown condition": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "if hash nix; then\n PATH=/opt/go/bin:$PATH\nfi\n"}), "login shell", active,
			"/etc/environment:1", "", "/etc/profile.d/zz.sh:2 may put /opt/go/bin first",
		},
		"an unknown condition that changes nothing": {
			map[string]string{"/etc/profile.d/zz.sh": "hash nix && PATH=/nix/bin:$PATH\n"}, "login shell", active, "/etc/environment:1", "", "",
		},
		"a condition that does not hold": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "if [ -d /nowhere ]; then PATH=/opt/go/bin:$PATH; fi\n"}), "login shell", active,
			"/etc/environment:1", "", "",
		},
		"a function": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "front() { PATH=$1:$PATH; }\nfront /opt/go/bin\n"}), "login shell", active,
			"/etc/environment:1", "", "/etc/profile.d/zz.sh:2: the function of /etc/profile.d/zz.sh:1",
		},
		"a text that is no command": {
			toolchain(map[string]string{"/etc/profile.d/zz.sh": "cat <<END\nexport PATH=/opt/go/bin:$PATH\nEND\n# PATH=/opt/go/bin\n"}), "login shell",
			active, "/etc/environment:1", "", "",
		},
		"a file that is no script": {
			map[string]string{"/etc/profile.d/zz.sh": "A=1\nif PATH=(\n"}, "login shell", active, "/etc/environment:1", "", "is not understood from line 2 on",
		},
		"files that read each other": {
			map[string]string{"/etc/profile.d/zz.sh": ". /etc/profile.d/zz.sh\n"}, "login shell", active, "/etc/environment:1", "", "read each other",
		},
		"eval": {
			map[string]string{"/etc/profile.d/zz.sh": `eval "$(/opt/brew shellenv)"` + "\n"}, "login shell", active, "/etc/environment:1", "", "what eval runs",
		},
		"GOROOT": {
			map[string]string{"/etc/profile.d/zz.sh": "export GOROOT=/opt/go\n"}, "login shell", active, "/etc/environment:1", "", "sets GOROOT",
		},
		"our own profile": {
			map[string]string{"/etc/profile.d/tcptune-go.sh": "case \":$PATH:\" in\n*:/usr/local/go/bin:*) ;;\n*) PATH=/usr/local/go/bin:$PATH ;;\nesac\nexport PATH\n"},
			"login shell", "/usr/local/go/bin/go", "/etc/profile.d/tcptune-go.sh:3", "", "",
		},
		"a PATH that replaces all": {
			map[string]string{"/etc/bash.bashrc": "export PATH=/usr/bin:/bin\n"},
			"shell", apt, "/etc/bash.bashrc:1",
			"put /usr/local/bin before /usr/bin in /etc/bash.bashrc:1", "",
		},
		"pam_env expands nothing": {
			toolchain(map[string]string{"/etc/environment": "PATH=/opt/go/bin:$PATH\n"}), "shell", hand, "/etc/environment:1", "put", "",
		},
		"no PATH in the environment": {
			map[string]string{"/etc/environment": "LANG=C\n", "/etc/login.defs": "ENV_PATH\tPATH=/usr/bin:/bin\n"}, "shell", apt, "/etc/login.defs:1", "put", "",
		},
		"secure_path in a drop-in": {
			map[string]string{"/etc/sudoers.d/path": "Defaults secure_path = /usr/sbin\\:/usr/bin, env_reset\n"},
			"sudo", apt, "/etc/sudoers.d/path:1",
			"put /usr/local/bin before /usr/bin in the secure_path of /etc/sudoers.d/path:1 (visudo)", "",
		},
		"a drop-in that sudo skips": {
			map[string]string{"/etc/sudoers.d/path.old": "Defaults secure_path=/usr/bin\n"}, "sudo", active, "/etc/sudoers:2", "", "",
		},
		"secure_path for some": {
			map[string]string{"/etc/sudoers.d/path": "Defaults:alice secure_path=/usr/bin\n"}, "sudo", active, "/etc/sudoers:2", "", "sets secure_path for some only",
		},
		"no secure_path": {
			map[string]string{"/etc/sudoers": "Defaults !secure_path\n"}, "sudo", active, "/etc/environment:1", "", "",
		},
		"cron without -P": {
			map[string]string{"/usr/lib/systemd/system/cron.service": "[Service]\nExecStart=/usr/sbin/cron -f\n"},
			"cron", apt, "the default of cron",
			"begin the crontab with PATH=/usr/local/bin", "",
		},
		"a crontab with a PATH": {
			map[string]string{"/var/spool/cron/crontabs/alice": "PATH=/usr/bin:$PATH\n"}, "crontab of alice", apt, "/var/spool/cron/crontabs/alice:1", "put", "",
		},
		"the profile of a user": {
			map[string]string{"/home/alice/.profile": "PATH=$HOME/sdk/bin:$PATH\n", "/home/alice/sdk/bin/go": "#!/bin/sh\n"},
			"login shell of alice",
			"/home/alice/sdk/bin/go", "/home/alice/.profile:1", "put", "",
		},
		"bash takes the first of three": {
			map[string]string{"/home/alice/.bash_profile": "PATH=~/sdk/bin:$PATH\n", "/home/alice/sdk/bin/go": "#!/bin/sh\n"},
			"login shell of alice",
			"/home/alice/sdk/bin/go", "/home/alice/.bash_profile:1", "put", "",
		},
		"the bashrc of a user": {
			map[string]string{"/home/alice/.bashrc": "PATH=\"$HOME/sdk/bin\":$PATH\n", "/home/alice/sdk/bin/go": "#!/bin/sh\n"},
			"shell of alice",
			"/home/alice/sdk/bin/go", "/home/alice/.bashrc:1", "put", "",
		},
		"the array of zsh": {
			map[string]string{"/home/zoe/.zshrc": "typeset -U path\npath=(~/sdk/bin $path)\n", "/home/zoe/sdk/bin/go": "#!/bin/sh\n"},
			"zsh of zoe",
			"/home/zoe/sdk/bin/go", "/home/zoe/.zshrc:2", "put", "",
		},
		"zsh appends": {
			map[string]string{"/home/zoe/.zshenv": "path+=(~/sdk/bin)\nexport FOO=1\nPATH=/opt/none:$PATH\n"}, "zsh", active, "/etc/environment:1", "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got report.GoShell
			list, _ := site(t, tc.files).Shells()
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

func TestWhatCannotBeReadIsNotGuessed(t *testing.T) {
	s := site(t, map[string]string{"/etc/sudoers": ""})
	root, err := s.h.OSPath("/etc")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "sudoers"), 0o755); err != nil { // no regular file
		t.Fatal(err)
	}
	list, _ := s.Shells()
	for _, g := range list {
		if g.Target == "sudo" && (g.State != shellUnknown || g.Go != "" || !strings.Contains(g.Why, "cannot read /etc/sudoers")) {
			t.Errorf("got %+v", g)
		}
	}
}

func TestAFileOfAUserCannotSteerTheTerminal(t *testing.T) {
	s := site(t, map[string]string{
		"/home/alice/.bashrc":            "PATH=$'/home/alice/\\e[31m':$PATH\nPATH=\"/home/alice/\x1b]0;x\x07bin:$PATH\"\n",
		"/home/alice/\x1b]0;x\x07bin/go": "#!/bin/sh\n",
		"/home/zoe/.zshenv":              "PATH=/home/zoe/go/bin:$PATH\n",
		"/home/zoe/go/bin/go":            "#!/bin/sh\n",
		"/home/zoe/go/VERSION":           "go1\x1b[31m\n",
	})
	list, _ := s.Shells()
	for _, g := range list {
		for _, text := range append([]string{g.Target, g.Go, g.Why, g.Fix, g.Version}, g.Doubts...) {
			if text != "" && !plain(text) {
				t.Errorf("%s: %q", g.Target, text)
			}
		}
	}
}
