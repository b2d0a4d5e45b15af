package host

import (
	"errors"
	"io/fs"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCanWriteKnob(t *testing.T) {
	t.Parallel()
	h := Host{}
	if err := h.CanWriteKnob("net.ipv4.no_such_key"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key that does not exist: %v", err)
	}
	// Mode 0444 for everybody: even root cannot write it.
	if err := h.CanWriteKnob("net.ipv4.tcp_available_congestion_control"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a key that is read-only: %v", err)
	}
	if err := h.CanWriteKnob("net.ipv4.tcp_rmem"); err != nil && !errors.Is(err, unix.EROFS) {
		t.Errorf("net.ipv4.tcp_rmem: %v", err)
	}
}

// TestCanWriteKnobInANamespace sees what a container sees: a network namespace of its own shows keys of the machine
// read-only, and hides others.
func TestCanWriteKnobInANamespace(t *testing.T) {
	t.Parallel()
	if !(Host{}).IsRoot() {
		t.Skip("needs root for a network namespace")
	}
	inNewNet(t, func() {
		h := Host{}
		if err := h.CanWriteKnob("net.core.rmem_max"); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("net.core.rmem_max: %v", err)
		}
		if err := h.CanWriteKnob("net.core.default_qdisc"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("net.core.default_qdisc: %v", err)
		}
		if err := h.CanWriteKnob("net.ipv4.tcp_rmem"); err != nil {
			t.Errorf("net.ipv4.tcp_rmem: %v", err)
		}
		// The counters are those of the thread's namespace too.
		if s, err := h.Sockstat(); err != nil || s.InUse+s.TimeWait != 0 {
			t.Errorf("sockets in a new namespace: %+v, %v", s, err)
		}
	})
}

// inNewNet calls what on a thread in a network namespace of its own. The main thread is passed over: its namespace is
// what /proc/net of the whole process shows.
func inNewNet(t *testing.T, what func()) {
	t.Helper()
	done := make(chan error)
	var attempt func()
	attempt = func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
		if unix.Gettid() == unix.Getpid() {
			go attempt() // while this goroutine holds the main thread, the next one cannot get it
			<-t.Context().Done()
			runtime.UnlockOSThread()
			return
		}
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			what()
		}
		done <- err
	}
	go attempt()
	if err := <-done; err != nil {
		t.Skip("no network namespace here: ", err)
	}
}
