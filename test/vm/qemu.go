package vm

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// qemu is one running emulator: the machine from power on to power off.
type qemu struct {
	cmd  *exec.Cmd
	done chan error
	port int // of 127.0.0.1, which leads to the machine's sshd
	errs *bytes.Buffer
}

// powerOn starts the machine whose layer over the disk is in the folder dir, with so many megabytes. It is killed by the kernel when the caller
// dies.
func powerOn(disk, dir string, memory int) (*qemu, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	q := &qemu{port: port}
	q.cmd = emulator(disk, dir, memory, "root=/dev/vda rw console=ttyS0 net.ifnames=0 panic=-1 loglevel=4",
		"-accel", "tcg,thread=multi",
		"-smp", "2",
		// The disk has a cache and honours a flush, as real ones do; see PowerCut.
		"-drive", "if=virtio,format=qcow2,cache=writeback,file="+filepath.Join(dir, "layer.qcow2"),
		"-netdev", "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:"+strconv.Itoa(port)+"-:22",
		"-device", "virtio-net-pci,netdev=net,romfile=",
	)
	if err := q.start(); err != nil {
		return nil, err
	}
	return q, nil
}

// start switches the machine on.
func (q *qemu) start() error {
	q.done, q.errs = make(chan error, 1), new(bytes.Buffer)
	q.cmd.Stdout, q.cmd.Stderr = q.errs, q.errs
	q.cmd.WaitDelay = time.Second
	q.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the death of this thread would be the death of the machine
		defer runtime.UnlockOSThread()
		err := q.cmd.Start()
		started <- err
		if err == nil {
			q.done <- q.cmd.Wait()
			close(q.done)
		}
	}()
	return <-started
}

// emulator is the command of a machine with the kernel of the folder disk, whose console is written to "console" in the
// folder dir.
func emulator(disk, dir string, memory int, line string, more ...string) *exec.Cmd {
	// KVM hangs on nested machines, and "-cpu max" of qemu 7.2 crashes Linux 6.12: an old processor is emulated instead. What
	// keeps its weaknesses from being used (PTI above all) empties the emulator's TLB twice with each system call.
	return exec.Command("qemu-system-x86_64", append([]string{
		"-cpu", "Nehalem,-cx16",
		"-m", strconv.Itoa(memory),
		"-nodefaults", "-no-user-config", "-display", "none",
		"-kernel", filepath.Join(disk, "vmlinuz"), "-initrd", filepath.Join(disk, "initrd.img"), "-append", "mitigations=off " + line,
		"-device", "virtio-rng-pci",
		"-serial", "file:" + filepath.Join(dir, "console"),
	}, more...)...)
}

// off cuts the power and returns when nothing is left running. It may be called twice.
func (q *qemu) off() {
	_ = q.cmd.Process.Kill()
	for range q.done { //nolint:revive // waits for the channel to be closed
	}
}

// ended is an error as soon as the emulator has ended by itself.
func (q *qemu) ended() error {
	select {
	case err, open := <-q.done:
		if open || err != nil {
			return errors.Join(fmt.Errorf("the emulator has ended: %s", q.errs), err)
		}
		return errors.New("the emulator is off")
	default:
		return nil
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("no TCP address")
	}
	return addr.Port, nil
}
