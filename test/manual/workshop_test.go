package manual

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// workshop is where examples run: a folder, an image in it, and the programs.
type workshop struct {
	bin, dir, image string
	commands        map[string]command
}

func newWorkshop(t *testing.T, bin string, known map[string]command) workshop {
	dir := t.TempDir()
	return workshop{bin: bin, dir: dir, image: filepath.Join(dir, "image"), commands: known}
}

// build makes both programs, where a user without privileges can run them too.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	output(t, "go", "build", "-o", dir, "../../cmd/tcptune", "../../cmd/tcptune-server")
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// newImage makes the image that of an Ubuntu on which nothing was done yet, with the programs that examples speak of.
func (w workshop) newImage(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(w.image); err != nil {
		t.Fatal(err)
	}
	output(t, "cp", "-a", "../../test/fixtures/ubuntu-24.04", w.image)
	w.write(t, "var/lib/dpkg/arch", "amd64\n")
	w.write(t, "usr/bin/tcptune", "#!/bin/sh\n")
	w.write(t, "usr/bin/tcptune-server", "#!/bin/sh\n")
	w.write(t, "var/lib/prometheus/node-exporter/apt.prom", "")
	w.write(t, "srv/metrics/other.prom", "")
	w.write(t, "usr/local/bin/mydaemon", "#!/bin/sh\n")
	w.write(t, tuningFile[1:], "net.core.somaxconn = 4096\n")
}

// write writes a file of the image.
func (w workshop) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(w.image, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// inImage runs a call of tcptune that is made to be about the image, and to leave this machine as it is.
func (w workshop) inImage(t *testing.T, call []string) (code int, out string) {
	t.Helper()
	args := slices.DeleteFunc(slices.Clone(call), func(a string) bool { return a == "--now" }) // an image starts nothing
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "/mnt/image", w.image)
	}
	if args[0] == "port" {
		args = onlyLook(args)
	}
	name, words := args[0], 1
	if len(args) > 1 && w.commands[name+" "+args[1]].Name != "" {
		name, words = name+" "+args[1], 2
	}
	if w.commands[name].has("root") && !slices.Contains(args, "--root") && !slices.Contains(args, "--help") {
		args = slices.Insert(args, words, "--root", w.image)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(w.bin, "tcptune"), args...)
	cmd.Dir = w.dir
	text, err := cmd.CombinedOutput()
	return exitCode(t, err), string(text)
}

// onlyLook makes a call of tcptune port one that stops nobody, does not become another program and does not wait.
func onlyLook(args []string) []string {
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	if i := slices.Index(args, "--timeout"); i >= 0 {
		args[i+1] = "1ms"
	}
	if slices.Contains(args, "--kill") && !slices.Contains(args, "--dry-run") {
		args = append(args, "--dry-run")
	}
	return args
}

// asNobody runs a call of tcptune on this machine as a user who may change nothing, and who reaches nothing. One that
// goes on for a while, following a journal for instance, was understood; its exit code is -1.
func (w workshop) asNobody(t *testing.T, call []string) (code int, out string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(w.bin, "tcptune"), call...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "HTTPS_PROXY=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1", "HOME=/nonexistent")
	cmd.WaitDelay = time.Second
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	text, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return -1, string(text)
	}
	return exitCode(t, err), string(text)
}
