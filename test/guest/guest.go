// Package guest runs commands in a machine that a test has made, whatever it is: a container, a virtual machine.
package guest

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
)

// Result is what a command inside the machine left.
type Result struct {
	Stdout, Stderr string
	Code           int // -1 when it was ended by a signal
}

// Shell carries out commands as root of one machine.
type Shell struct {
	Name string // what messages call the machine: "the container"
	// Exec carries out argv. Its error is about a command that could not be started, or that outlived ctx or the machine.
	Exec func(ctx context.Context, stdin io.Reader, argv ...string) (Result, error)
}

// Run carries out a command inside the machine and returns what it left. Only a command that could not be started, or
// that outlived the test or the machine, fails the test.
func (s Shell) Run(t testing.TB, argv ...string) Result {
	t.Helper()
	return s.RunInput(t, nil, argv...)
}

// RunInput is Run with a standard input.
func (s Shell) RunInput(t testing.TB, stdin io.Reader, argv ...string) Result {
	t.Helper()
	res, err := s.Exec(t.Context(), stdin, argv...)
	if err != nil {
		t.Fatalf("cannot run %q in %s: %v", argv, s.Name, err)
	}
	return res
}

// Must is Run for a step that has to succeed. It returns the standard output.
func (s Shell) Must(t testing.TB, argv ...string) string {
	t.Helper()
	res := s.Run(t, argv...)
	if res.Code != 0 {
		t.Fatalf("%q in %s: exit %d\n%s%s", argv, s.Name, res.Code, res.Stdout, res.Stderr)
	}
	return res.Stdout
}

// Script runs lines of bash, each of which has to succeed, and returns what they print on both streams. apt and dpkg
// ask nothing in it.
func (s Shell) Script(t testing.TB, lines string) string {
	t.Helper()
	res := s.Run(t, "bash", "-c", "exec 2>&1; set -e; export DEBIAN_FRONTEND=noninteractive; "+lines)
	if res.Code != 0 {
		t.Fatalf("%s\nin %s: exit %d\n%s", lines, s.Name, res.Code, res.Stdout)
	}
	return res.Stdout
}

// CopyIn copies the file src of this machine to the absolute path dst inside, folders and permission bits included.
func (s Shell) CopyIn(t testing.TB, src, dst string) {
	t.Helper()
	f, err := os.Open(src)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	s.Must(t, "mkdir", "-p", path.Dir(dst))
	res := s.RunInput(
		t,
		f,
		"sh",
		"-c",
		fmt.Sprintf(`cat >"$1.new" && chmod %o "$1.new" && mv "$1.new" "$1"`, fi.Mode().Perm()),
		"sh",
		dst,
	)
	if res.Code != 0 {
		t.Fatalf("cannot copy %s to %s in %s: %s", src, dst, s.Name, res.Stderr)
	}
}

// CopyTree copies what is below the folder src of this machine, or only the given parts of it, into the folder dst
// inside. Links stay links, and folders that are there already keep their permissions.
func (s Shell) CopyTree(t testing.TB, src, dst string, parts ...string) {
	t.Helper()
	if len(parts) == 0 {
		parts = []string{"."}
	}
	tar := exec.CommandContext(t.Context(), "tar", append([]string{"-c", "-C", src}, parts...)...)
	out, err := tar.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tar.Start(); err != nil {
		t.Fatal(err)
	}
	res := s.RunInput(t, out, "sh", "-c", `mkdir -p "$1" && tar -x --no-same-owner --no-overwrite-dir -C "$1"`, "sh", dst)
	if err := tar.Wait(); err != nil || res.Code != 0 {
		t.Fatalf("cannot copy %s to %s in %s: %v\n%s", src, dst, s.Name, err, res.Stderr)
	}
}

// Tree is what an installation may touch: paths, kinds, modes, owners, links and contents, a line each. What dpkg, apt,
// systemd, journald and sshd write by themselves is left out.
func (s Shell) Tree(t testing.TB) []string {
	t.Helper()
	return strings.Split(s.Script(t, `cd / && set -- etc usr var -path var/log -prune -o -path var/lib/systemd -prune -o \
		-path var/lib/dpkg -prune -o -path var/lib/apt -prune -o -path var/cache -prune -o -path var/tmp -prune -o
		{ find "$@" ! -type d -printf '%p %M %U:%G %l\n' && find "$@" -type d -printf '%p %M\n' && find "$@" -type f -print0 | xargs -0 cksum; } | sort`), "\n")
}
