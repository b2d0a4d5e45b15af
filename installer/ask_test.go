package installer

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// home is the home of a user whose number nobody else has, with start-up files.
type home struct {
	*testing.T
	host.Account
	mute bool // its shell is not to answer
}

// newHome is one whose shell is the real program of that name.
func newHome(t *testing.T, shell string) home {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to run a shell as another user")
	}
	program, err := exec.LookPath(shell)
	if err != nil {
		t.Skip("there is no such shell on this machine: ", err)
	}
	dir := t.TempDir()
	id := 62000 + os.Getpid()%1000 // neither adduser nor systemd gives them away
	h := home{T: t, Account: host.Account{Name: "alice", Home: dir, Shell: program, UID: id, GID: id}}
	h.check(errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chown(dir, id, id)))
	return h
}

func (h home) check(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// write makes a file of the user; a program, if it is one in a bin.
func (h home) write(name, text string) {
	h.Helper()
	file := filepath.Join(h.Home, name)
	mode := os.FileMode(0o644)
	if filepath.Base(filepath.Dir(file)) == "bin" {
		mode = 0o755
	}
	h.check(errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), mode)))
}

// ask puts the question, by kind of shell, and finds nothing of it running afterwards.
func (h home) ask() map[string]report.GoShell {
	h.Helper()
	s, err := Observe(host.Host{}, plan.Journal{})
	h.check(err)
	before, err := os.ReadDir("/proc/self/fd")
	h.check(err)
	var list []report.GoShell
	for range 20 { // a machine with much to do may take longer than a shell is given
		list, err = s.AskShells(h.Context(), h.Account)
		h.check(err)
		late := func(g report.GoShell) bool { return strings.Contains(g.Why, "it does not answer within") }
		if h.mute || !slices.ContainsFunc(list, late) {
			break
		}
	}
	after, err := os.ReadDir("/proc/self/fd")
	h.check(err)
	if len(after) > len(before) {
		h.Errorf("%d descriptors, %d before", len(after), len(before))
	}
	statuses, err := filepath.Glob("/proc/[0-9]*/status")
	h.check(err)
	for _, file := range statuses {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), fmt.Sprintf("\nUid:\t%d\t", h.UID)) {
			h.Errorf("this still runs: %s", text)
		}
	}
	kinds := map[string]report.GoShell{}
	for _, g := range list {
		kinds[strings.TrimSuffix(g.Target, " of alice")] = g
	}
	if len(kinds) != 2 || len(list) != 2 {
		h.Fatalf("got %+v", list)
	}
	return kinds
}

// startup are the files that a shell reads: in a login, and otherwise.
func startup(shell string) (login, interactive string) {
	switch shell {
	case "zsh":
		return ".zprofile", ".zshrc"
	case "fish":
		return ".config/fish/conf.d/x.fish", ".config/fish/config.fish"
	case "bash":
		return ".bash_profile", ".bashrc"
	}
	return ".profile", ".profile"
}

func setPath(shell, dir string) string {
	if shell == "fish" {
		return "set -gx PATH " + dir + " $PATH\n"
	}
	return "export PATH=" + dir + ":$PATH\n"
}

func set(shell, name, value string) string {
	if shell == "fish" {
		return "set -gx " + name + " '" + value + "'\n"
	}
	return "export " + name + "='" + value + "'\n"
}

func everyShell(t *testing.T, test func(t *testing.T, shell string)) {
	for _, shell := range []string{"dash", "bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) { test(t, shell) })
	}
}

func TestAShellSaysWhichGoItFinds(t *testing.T) {
	everyShell(t, func(t *testing.T, shell string) {
		h := newHome(t, shell)
		login, _ := startup(shell)
		h.write("sdk/bin/go", "#!/bin/sh\n")
		h.write(login, "echo Welcome\n"+setPath(shell, h.Home+"/sdk/bin")+set(shell, "GOFLAGS", "-mod=mod -v")+set(shell, "GOTOOLCHAIN", "local")+set(shell, "GOROOT", "/opt/go"))
		got := h.ask()["login shell"]
		want := report.GoShell{
			Target: "login shell of alice", State: "other", Go: h.Home + "/sdk/bin/go", By: "hand", Fix: got.Fix,
			Why:    h.Home + "/sdk/bin comes first in PATH, says " + shell + " -l -i",
			Goroot: "/opt/go", Goflags: "-mod=mod -v", Gotoolchain: "local",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestALoginShellAndAnotherOneMayFindDifferentOnes(t *testing.T) {
	for _, shell := range []string{"bash", "zsh"} {
		t.Run(shell, func(t *testing.T) {
			h := newHome(t, shell)
			login, interactive := startup(shell)
			h.write("one/bin/go", "#!/bin/sh\n")
			h.write("two/bin/go", "#!/bin/sh\n")
			h.write(interactive, setPath(shell, h.Home+"/two/bin"))
			h.write(login, setPath(shell, h.Home+"/one/bin"))
			got := h.ask()
			want := h.Home + "/one/bin/go"
			if shell == "zsh" { // a login shell of zsh reads the other file, too, and later
				want = h.Home + "/two/bin/go"
			}
			if got["login shell"].Go != want || got["shell"].Go != h.Home+"/two/bin/go" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// As goenv, asdf and mise make them.
func TestAFunctionOrAnAliasOfThatNameIsNotTakenForAProgram(t *testing.T) {
	everyShell(t, func(t *testing.T, shell string) {
		for what, text := range map[string]string{"a function": "go() { echo 1; }\n", "an alias": "alias go='echo 1'\n"} {
			if shell == "fish" { // there an alias is a function
				what, text = "a function", "function go; echo 1; end\n"
			}
			h := newHome(t, shell)
			login, _ := startup(shell)
			h.write("sdk/bin/go", "#!/bin/sh\n")
			h.write(login, setPath(shell, h.Home+"/sdk/bin")+text)
			g := h.ask()["login shell"]
			if g.State != "unknown" || g.Go != h.Home+"/sdk/bin/go" || !strings.HasPrefix(g.Why, "go is "+what+" there, says "+shell) {
				t.Errorf("%s: got %+v", what, g)
			}
		}
	})
}

func TestAShimIsAProgramThatSomebodyHasPutThere(t *testing.T) {
	h := newHome(t, "bash")
	h.write(".asdf/bin/go", "#!/bin/sh\nexec asdf exec go \"$@\"\n")
	h.write(".bashrc", setPath("bash", h.Home+"/.asdf/bin"))
	if g := h.ask()["shell"]; g.State != "other" || g.By != "hand" || g.Version != "" {
		t.Errorf("got %+v", g)
	}
}

func TestWithoutStartUpFilesAShellHasThePathOfItsSession(t *testing.T) {
	everyShell(t, func(t *testing.T, shell string) {
		for kind, g := range newHome(t, shell).ask() {
			if strings.HasPrefix(g.Why, "cannot tell") {
				t.Errorf("%s: got %+v", kind, g)
			}
		}
	})
}

// Whatever a start-up file does, the answer is the shell's or there is none, and nothing of it goes on.
func TestAStartUpFileThatIsInTheWay(t *testing.T) {
	const sdk = "sdk" // its go is found
	for what, tc := range map[string]struct {
		text string // for dash, bash and zsh
		fish string // "": the same
		want string // begins so; [sdk]: the right answer
	}{
		"sleeps for ever":                {"sleep 100\n", "", "cannot tell: it does not answer within 2s"},
		"waits for input":                {"read x || read y || cat\n", "", sdk},
		"leaves a child with the output": {"sleep 100 &\n", "", sdk},
		"leaves a daemon":                {"(setsid sh -c '(setsid sleep 100 &)' &)\n", "setsid sh -c '(setsid sleep 100 &)' &\n", sdk},
		"prints much":                    {"head -c 3000000 /dev/zero | tr '\\0' x\n", "", sdk},
		"prints too much":                {"head -c 100000000 /dev/zero\n", "", "cannot tell: it printed more than 4 MiB"},
		"ends":                           {"exit 0\n", "exec true\n", "cannot tell: it ended without an answer"},
		"prints what looks like an answer": {
			`printf 'AAAAAAAAAAAAAAAAAAAAAAAAAA\0/bin/go\0/bin/go\0/bin/go\0\0\0\0AAAAAAAAAAAAAAAAAAAAAAAAAA\0'` + "\n", "", sdk,
		},
		"becomes another program": {"exec cat /etc/passwd\n", "", "cannot tell: it ended without an answer"},
		"asks for root":           {"sudo -n true; su -c true; newgrp root </dev/null\n", "", sdk},
		"closes its errors":       {"exec 2>&-\n", "true\n", sdk},
		"closes its output":       {"exec >&-\n", "exec true\n", "cannot tell: it ended without an answer"},
		"aliases what is asked": {
			"alias printf=false exec=false command=false\nalias readlink=false\n", "alias printf=false\nalias readlink=false\n", sdk,
		},
		"stops at the first error": {"set -eu\n", "true\n", sdk},
		"cannot be parsed":         {"if ((\n", "", ""},
		"has a terminal title":     {"export GOFLAGS=$(printf '\\033]0;x\\007')\n", "set -gx GOFLAGS (printf '\\033]0;x\\007')\n", "cannot tell: its answer cannot be shown"},
	} {
		t.Run(what, func(t *testing.T) {
			everyShell(t, func(t *testing.T, shell string) {
				h := newHome(t, shell)
				h.mute = strings.Contains(tc.want, "it does not answer within") || tc.want == ""
				login, interactive := startup(shell)
				text := tc.text
				if shell == "fish" && tc.fish != "" {
					text = tc.fish
				}
				h.write("sdk/bin/go", "#!/bin/sh\n")
				h.write(login, setPath(shell, h.Home+"/sdk/bin")+text)
				if interactive != login {
					h.write(interactive, setPath(shell, h.Home+"/sdk/bin"))
				}
				g := h.ask()["login shell"]
				switch {
				case tc.want == sdk && g.Go != h.Home+"/sdk/bin/go", tc.want != sdk && !strings.HasPrefix(g.Why, tc.want):
					t.Errorf("got %+v, want %s", g, tc.want)
				case !plain(g.Why):
					t.Errorf("why: %q", g.Why)
				}
			})
		})
	}
}

func TestWhoHasNoShellIsNotAsked(t *testing.T) {
	for shell, want := range map[string]string{
		"/usr/sbin/nologin": "cannot tell: that user has no shell",
		"/bin/false":        "cannot tell: that user has no shell",
		"":                  "cannot tell: that user has no shell",
		"bash":              "cannot tell: that user has no shell",
		"/usr/bin/nu":       `cannot tell: how to ask "/usr/bin/nu" is not known`,
		"/bin/x\x1b[31m":    `cannot tell: how to ask "/bin/x\x1b[31m" is not known`,
	} {
		list, err := Site{}.AskShells(t.Context(), host.Account{Name: "alice", UID: 1000, Shell: shell})
		if err != nil || len(list) != 2 || list[0].Why != want || list[0].State != "unknown" {
			t.Errorf("%q: %+v, %v", shell, list, err)
		}
	}
}

func TestRootIsNotAsked(t *testing.T) {
	list, err := Site{}.AskShells(t.Context(), host.Account{Name: "root", Shell: "/bin/bash"})
	if err != nil || len(list) != 2 || list[0].State != "unknown" || !strings.Contains(list[0].Why, host.ErrRoot.Error()) {
		t.Errorf("%+v, %v", list, err)
	}
}

// What a shell finds may lie in a folder of its owner: root opens nothing there.
func TestAsRootNothingIsOpenedInAFolderOfTheUser(t *testing.T) {
	h := newHome(t, "bash")
	h.write("sdk/bin/go", "#!/bin/sh\n")
	h.write("sdk/VERSION", "go1.26.3\n")
	h.write(".bashrc", setPath("bash", h.Home+"/sdk/bin"))
	opened := watch(t, h.Home+"/sdk/VERSION")
	if g := h.ask()["shell"]; g.Go != h.Home+"/sdk/bin/go" || g.Version != "" || opened() {
		t.Errorf("got %+v; opened: %v", g, opened())
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add("x\nB\x00go\x00/usr/bin/go\x00/usr/lib/go-1.22/bin/go\x00\x00\x00\x00E\x00")
	f.Add("B\x00E\x00")
	f.Fuzz(func(t *testing.T, said string) {
		a, err := parseAnswer(said, "B", "E")
		for _, text := range []string{a.said, a.file, a.real, a.goroot, a.goflags, a.gotoolchain} {
			if text != "" && (err != nil || !plain(text)) {
				t.Errorf("%q, %v", text, err)
			}
		}
	})
}
