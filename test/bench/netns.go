package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// netns is a network namespace, and the thread that lives in it until the program ends.
type netns struct {
	tid  int
	work chan func()
}

// newNetns makes a namespace whose reverse path filter is off.
func newNetns() (n netns, err error) {
	n.work = make(chan func())
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread is of no use to anybody else
		n.tid = syscall.Gettid()
		made <- syscall.Unshare(syscall.CLONE_NEWNET)
		for f := range n.work {
			f()
		}
	}()
	if err = <-made; err != nil {
		return n, fmt.Errorf("cannot make a network namespace: %w", err)
	}
	return n, n.sysctl(map[string]string{"conf.all.rp_filter": "0", "conf.default.rp_filter": "0"})
}

// do runs f on the thread of the namespace.
func (n netns) do(f func() error) error {
	done := make(chan error)
	n.work <- func() { done <- f() }
	return <-done
}

// ip runs ip(8), once for each line.
func (n netns) ip(lines ...string) error {
	return n.do(func() error {
		for _, line := range lines {
			if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
				return fmt.Errorf("ip %s: %w: %s", line, err, out)
			}
		}
		return nil
	})
}

// sysctl sets keys below net.ipv4.
func (n netns) sysctl(values map[string]string) error {
	return n.do(func() error {
		for key, value := range values {
			p := "/proc/sys/net/ipv4/" + strings.ReplaceAll(key, ".", "/")
			if err := os.WriteFile(p, []byte(value), 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// wholePackets has the kernel cut segments before the interface gets them, as "ethtool -K NAME tso off gso off" does.
func wholePackets(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for _, command := range []uint32{unix.ETHTOOL_STSO, unix.ETHTOOL_SGSO} {
		value := [2]uint32{command, 0} // struct ethtool_value
		request := struct {            // struct ifreq
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte
		}{data: unsafe.Pointer(&value)}
		copy(request.name[:], name)
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
		if errno != 0 {
			return os.NewSyscallError("ioctl SIOCETHTOOL", errno)
		}
	}
	return nil
}
