package faults

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
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

// box is a host that lives until it is closed. The results of its steps are files of dir.
type box struct {
	dir    string
	shell  *exec.Cmd
	in     io.WriteCloser
	done   *bufio.Reader
	errs   *bytes.Buffer
	cancel context.CancelFunc
}

// openBox makes a fresh host, with results in the empty folder dir. It is closed by the goroutine that has opened it.
func openBox(ctx context.Context, dir string) (*box, error) {
	tree, err := filepath.Abs("testdata/host")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	b := &box{dir: dir, errs: new(bytes.Buffer), cancel: cancel}
	b.shell = exec.CommandContext(ctx, "sh", "-s", dir, tree)
	b.shell.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	b.shell.Stderr = b.errs
	b.shell.WaitDelay = time.Second
	b.shell.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Unshareflags: syscall.CLONE_NEWNS, // so that no mount is seen outside (package syscall)
		Setsid:       true,
		Pdeathsig:    syscall.SIGKILL,
	}
	runtime.LockOSThread() // Pdeathsig is about the thread that starts it
	in, inErr := b.shell.StdinPipe()
	out, outErr := b.shell.StdoutPipe()
	if err := errors.Join(inErr, outErr); err != nil {
		return nil, err
	}
	b.in, b.done = in, bufio.NewReader(out)
	if err := b.shell.Start(); err != nil {
		return nil, err
	}
	if err := b.do(boxScript); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// close ends the host and deletes the results: thousands of boxes would fill the disk.
func (b *box) close() {
	_ = b.in.Close()
	_ = b.shell.Wait() // its exit says nothing that do has not said
	b.cancel()
	runtime.UnlockOSThread()
	_ = os.RemoveAll(b.dir)
}

// do carries out lines of shell on the host.
func (b *box) do(text string) error {
	_, err := io.WriteString(b.in, text+"\necho done\n")
	if err == nil {
		_, err = b.done.ReadString('\n')
	}
	if err != nil {
		_ = b.in.Close()
		return fmt.Errorf("%w: %w\n%s%s", err, b.shell.Wait(), b.errs, text)
	}
	return nil
}

// step runs a command on the host.
func (b *box) step(name string, argv ...string) (result, error) {
	if err := b.do(step(name, argv)); err != nil {
		return result{}, err
	}
	return b.result(name), nil
}

func step(name string, argv []string) string { return "step " + name + " " + quote(argv) }

func (b *box) read(name string) string {
	data, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		return ""
	}
	return string(data)
}

// result is what a step left.
type result struct {
	code     int
	out, err string
}

func (b *box) result(step string) result {
	code, err := strconv.Atoi(strings.TrimSpace(b.read(step + ".code")))
	if err != nil {
		code = -1
	}
	return result{code, b.read(step + ".out"), b.read(step + ".err")}
}

func (r result) String() string {
	return fmt.Sprintf("exit %d\n%s%s", r.code, r.out, r.err)
}

func quote(argv []string) string {
	words := make([]string, len(argv))
	for i, a := range argv {
		words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return strings.Join(words, " ")
}
