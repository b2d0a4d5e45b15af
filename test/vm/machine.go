package vm

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/tcptune/tcptune/test/container"
	"github.com/tcptune/tcptune/test/guest"
)

// bootLimit is how long a machine may take to boot: it needs about a minute when two cores are free.
const bootLimit = 10 * time.Minute

// Options say how a machine differs from the plain one.
type Options struct {
	Memory  int    // megabytes; 0 is what most need
	Release string // "22.04", "24.04", "26.04": what /etc/os-release claims; "" leaves what the disk has

	Packages []string // Debian packages beside those of all; each set is made and cached once
}

// Machine is a virtual machine. Its zero value is of no use; see [Boot] and [Start].
type Machine struct {
	guest.Shell

	disk, dir string
	memory    int // megabytes
	power     *qemu
	client    *ssh.Client
}

// Boot starts a machine that ends with the test; its console is logged if the test failed. The test is skipped, with
// the reason, where none can be had.
func Boot(t testing.TB, opt Options) *Machine {
	t.Helper()
	m, err := Start(t.Context(), opt)
	var no Unavailable
	if errors.As(err, &no) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("console of the machine:\n%s", m.Console())
		}
		m.End()
	})
	return m
}

// Start boots a machine for a caller that is no test, who must End it. The error is [Unavailable] where this cannot
// work.
func Start(ctx context.Context, opt Options) (*Machine, error) {
	if err := possible(); err != nil {
		return nil, err
	}
	disk, err := makeDisk(ctx, opt.Packages...)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tcptune-vm-")
	if err != nil {
		return nil, err
	}
	m := &Machine{disk: disk, dir: dir, memory: cmp.Or(opt.Memory, 1536)}
	m.Shell = guest.Shell{Name: "the virtual machine", Exec: m.run}
	if err := m.first(ctx, opt); err != nil {
		err = fmt.Errorf("cannot boot the virtual machine: %w\n%s", err, m.Console())
		m.End()
		return nil, err
	}
	return m, nil
}

func (m *Machine) first(ctx context.Context, opt Options) error {
	layer := filepath.Join(m.dir, "layer.qcow2")
	if err := run(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", filepath.Join(m.disk, "root.img"), layer); err != nil {
		return err
	}
	err := m.on(ctx, bootLimit/2)
	if err != nil && ctx.Err() == nil { // an emulated machine hangs now and then; nothing has been tested yet
		fmt.Fprintf(os.Stderr, "The virtual machine is started once more: %v\n", err)
		m.off()
		err = m.on(ctx, bootLimit)
	}
	if err != nil || opt.Release == "" {
		return err
	}
	text, err := container.OSRelease(opt.Release)
	if err != nil {
		return err
	}
	// Out of the way of base-files, which an upgrade may replace.
	_, err = m.run(ctx, strings.NewReader(text), "sh", "-c", "cat >/usr/lib/os-release")
	return err
}

// on switches the machine on and returns when its systemd has finished booting.
func (m *Machine) on(ctx context.Context, limit time.Duration) error {
	power, err := powerOn(m.disk, m.dir, m.memory)
	if err != nil {
		return err
	}
	m.power = power
	return m.connect(ctx, "", limit)
}

// End switches the machine off and deletes what it wrote. It may be called twice.
func (m *Machine) End() {
	m.off()
	_ = os.RemoveAll(m.dir)
}

func (m *Machine) off() {
	if m.power != nil {
		m.power.off()
	}
	if m.client != nil {
		_ = m.client.Close() // after the power: nothing inside is to notice
	}
}

// PowerCut takes the power away: qemu is killed. What the machine has only in its memory is lost, and what it has
// flushed (fsync) is kept. It is kinder than a real cut: what the disk was given and not told to flush is mostly kept
// as well, since the page cache of this machine outlives qemu, where a real disk loses what is in its own cache, and
// tears sectors.
func (m *Machine) PowerCut() { m.off() }

// PowerOn boots the machine after a PowerCut.
func (m *Machine) PowerOn(t testing.TB) {
	t.Helper()
	if err := m.on(t.Context(), bootLimit); err != nil {
		t.Fatalf("cannot boot the virtual machine again: %v\n%s", err, m.Console())
	}
}

// Reboot has systemd reboot the machine and returns when it is up again.
func (m *Machine) Reboot(t testing.TB) {
	t.Helper()
	before := m.Must(t, "cat", "/proc/sys/kernel/random/boot_id")
	// The answer may be lost with the connection.
	_, _ = m.run(t.Context(), nil, "systemctl", "--no-block", "reboot")
	_ = m.client.Close()
	if err := m.connect(t.Context(), before, bootLimit); err != nil {
		t.Fatalf("cannot reboot the virtual machine: %v\n%s", err, m.Console())
	}
}

// Console is the end of what the machine printed, for a person to read.
func (m *Machine) Console() string {
	data, _ := os.ReadFile(filepath.Join(m.dir, "console"))
	return string(data[max(0, len(data)-8000):])
}

// SSH is the machine's sshd as an address of this machine, and the file of the key that it lets in as root.
func (m *Machine) SSH() (addr, keyFile string) {
	return fmt.Sprintf("127.0.0.1:%d", m.power.port), filepath.Join(m.disk, "key")
}

func (m *Machine) run(ctx context.Context, stdin io.Reader, argv ...string) (guest.Result, error) {
	s, err := m.client.NewSession()
	if err != nil {
		return guest.Result{}, err
	}
	defer s.Close()
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	var out, errs bytes.Buffer
	s.Stdin, s.Stdout, s.Stderr = stdin, &out, &errs
	err = s.Run(quote(argv))
	res := guest.Result{Stdout: out.String(), Stderr: errs.String()}
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		if res.Code = exit.ExitStatus(); exit.Signal() != "" {
			res.Code = -1
		}
		err = nil
	}
	return res, errors.Join(err, ctx.Err())
}

// quote makes a command of the shell out of words.
func quote(argv []string) string {
	words := make([]string, len(argv))
	for i, w := range argv {
		words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 " + strings.Join(words, " ")
}
