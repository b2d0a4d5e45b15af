package faults

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

//go:embed testdata/box.sh
var boxScript string

// box is a host that lived for one script. Its files are the results.
type box struct{ dir string }

// runBox makes a fresh host in the empty folder dir and carries out script there.
func runBox(ctx context.Context, dir string, script string) (box, error) {
	b := box{dir}
	here, err := filepath.Abs("testdata")
	if err != nil {
		return b, err
	}
	file := filepath.Join(dir, "script")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		return b, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "sh", "-c", boxScript, "box.sh", dir, filepath.Join(here, "host"), file, here)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.Stdout, cmd.Stderr = &errs, &errs
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Setsid:     true,
		Pdeathsig:  syscall.SIGKILL,
	}
	runtime.LockOSThread() // Pdeathsig is about the thread that starts it
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		return b, fmt.Errorf("%w\n%s%s", errors.Join(err, ctx.Err()), errs.String(), script)
	}
	return b, nil
}

func (b box) read(name string) string {
	data, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		return ""
	}
	return string(data)
}

// remove deletes the results: thousands of boxes would fill the disk.
func (b box) remove() { _ = os.RemoveAll(b.dir) }

// result is what a step left.
type result struct {
	code     int
	out, err string
}

func (b box) result(step string) result {
	code, err := strconv.Atoi(strings.TrimSpace(b.read(step + ".code")))
	if err != nil {
		code = -1
	}
	return result{code, b.read(step + ".out"), b.read(step + ".err")}
}

func (r result) String() string {
	return fmt.Sprintf("exit %d\n%s%s", r.code, r.out, r.err)
}

// script composes what a box does.
type script struct{ strings.Builder }

func (s *script) step(name string, argv ...string) {
	fmt.Fprintf(s, "step %s %s\n", name, quote(argv))
}

func (s *script) state(name string) { fmt.Fprintf(s, "state %s\n", name) }

func quote(argv []string) string {
	words := make([]string, len(argv))
	for i, a := range argv {
		words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return strings.Join(words, " ")
}
