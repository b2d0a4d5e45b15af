package host

import (
	"os"
	"testing"
)

func TestProcessHoldsSocket(t *testing.T) {
	withAndWithoutPidfd(t, func(t *testing.T, pinned bool) {
		holds := func(p *Process, tid, fd int, inode, cookie uint64) bool {
			t.Helper()
			before := openFiles(t)
			holds, err := p.HoldsSocket(tid, fd, inode, cookie)
			if err != nil {
				t.Errorf("holds: %v", err)
			}
			if after := openFiles(t); after != before {
				t.Errorf("%d descriptors of ours before, %d after", before, after)
			}
			return holds
		}
		h := startHolder(t, "holder")
		p := h.open()
		for _, test := range []struct {
			name          string
			tid, fd       int
			inode, cookie uint64
			want          bool
		}{
			{"all of it", h.tid, h.fd, h.inode, h.cookie, true},
			{"a cookie that is not known", h.tid, h.fd, h.inode, 0, true},
			{"another cookie", h.tid, h.fd, h.inode, h.cookie + 1, !pinned},
			{"another inode", h.tid, h.fd, h.inode + 1, h.cookie, false},
			{"a file that is no socket", h.tid, 0, h.inode, h.cookie, false},
			{"a descriptor that is not open", h.tid, 999, h.inode, h.cookie, false},
			{"a descriptor that cannot be", h.tid, -1, h.inode, h.cookie, false},
			{"a thread of another process", os.Getpid(), h.fd, h.inode, h.cookie, false},
			{"a thread that does not exist", 1 << 30, h.fd, h.inode, h.cookie, false},
			{"no thread", 0, h.fd, h.inode, h.cookie, false},
		} {
			if got := holds(p, test.tid, test.fd, test.inode, test.cookie); got != test.want {
				t.Errorf("%s: %v, want %v", test.name, got, test.want)
			}
		}
		h.tell("replace")
		if holds(p, h.tid, h.fd, h.inode, h.cookie) {
			t.Error("another socket has the descriptor, and it holds the first one")
		}

		h = startHolder(t, "holder")
		p = h.open()
		h.tell("close")
		if holds(p, h.tid, h.fd, h.inode, h.cookie) {
			t.Error("it has closed the socket, and holds it")
		}
	})
}

// TestHoldsSocketOfThreads is about threads that are not the first one.
func TestHoldsSocketOfThreads(t *testing.T) {
	t.Parallel()
	h := startHolder(t, "holder in a thread")
	p := h.open()
	for _, tid := range []int{h.tid, p.Pid()} { // they share their descriptors
		if holds, err := p.HoldsSocket(tid, h.fd, h.inode, h.cookie); !holds || err != nil {
			t.Errorf("thread %d of %d: %v, %v", tid, p.Pid(), holds, err)
		}
	}

	h = startHolder(t, "holder with a table of its own")
	p = h.open()
	if holds, err := p.HoldsSocket(h.tid, h.fd, h.inode, h.cookie); !holds || err != nil {
		t.Errorf("in the table of the thread: %v, %v", holds, err)
	}
	if holds, err := p.HoldsSocket(p.Pid(), h.fd, h.inode, h.cookie); holds || err != nil {
		t.Errorf("in the table of the first thread: %v, %v", holds, err)
	}
}
