package path

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace that lives as long as its thread.
type namespace struct {
	work chan func()
}

// newNamespace makes a network namespace and the thread that keeps it.
func newNamespace() (n namespace, err error) {
	n.work = make(chan func())
	made := make(chan error)
	onThread(func() {
		err := unix.Unshare(unix.CLONE_NEWNET)
		if made <- os.NewSyscallError("unshare", err); err != nil {
			return
		}
		for f := range n.work {
			f()
		}
	})
	if err = <-made; err != nil {
		return n, fmt.Errorf("cannot make a network namespace: %w", err)
	}
	return n, nil
}

// onThread runs f on a thread that nobody else is ever on, and that ends with f. It is not the first one of the process:
// that one cannot end, and /proc/self would show its namespace as the one of the process.
func onThread(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f()
			return
		}
		begun := make(chan struct{})
		onThread(func() {
			close(begun)
			f()
		})
		<-begun
		runtime.UnlockOSThread()
	}()
}

// do runs f on the thread of n.
func (n namespace) do(f func() error) error {
	done := make(chan error, 1)
	n.work <- func() { done <- f() }
	return <-done
}

// close ends the thread, and with it the namespace, once what else is open in it is closed.
func (n namespace) close() { close(n.work) }
