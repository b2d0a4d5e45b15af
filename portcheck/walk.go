package portcheck

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Walk reads the links of /proc/PID/fd, of pids or, where that is nil, of all processes, and returns those that lead to
// a wanted socket. The kernel has no table from a socket to its processes, so that every open descriptor of the machine
// has to be looked at; this is done on all cores, with one system call for each.
//
// A process whose first thread has ended while others live shows no descriptors there; they are found with one of the
// living threads.
func Walk(ctx context.Context, wanted map[uint64]bool, pids []int) (Owners, error) {
	return walk(ctx, wanted, pids, false)
}

// WalkThreads looks into the table of every thread. A thread may have one of its own, see unshare(2), which the folder
// of its process does not show. It takes much longer than [Walk].
func WalkThreads(ctx context.Context, wanted map[uint64]bool, pids []int) (Owners, error) {
	return walk(ctx, wanted, pids, true)
}

// walker is one walk, shared by its workers.
type walker struct {
	wanted  map[uint64]bool
	pids    []int
	threads bool
	next    atomic.Int64 // the next of pids
	busy    atomic.Int64 // workers that may still split a folder
	chunks  chan chunk
	mu      sync.Mutex
	hidden  []int
	found   []Descriptor
}

// chunk is a part of a folder with many descriptors, which another worker reads.
type chunk struct {
	pid, tid int
	dir      int    // descriptor of the folder
	entries  []byte // struct linux_dirent64
	done     *sync.WaitGroup
}

func walk(ctx context.Context, wanted map[uint64]bool, list []int, threads bool) (Owners, error) {
	w := &walker{wanted: wanted, pids: list, threads: threads, chunks: make(chan chunk)}
	if list == nil {
		w.pids = pids()
		if len(w.pids) == 0 {
			return Owners{}, errors.New("cannot list the processes: /proc is empty")
		}
		if _, err := os.Stat("/proc/1"); err != nil {
			w.hide(unseen)
		}
	}
	workers := runtime.GOMAXPROCS(0)
	w.busy.Store(int64(workers))
	var all sync.WaitGroup
	for range workers {
		all.Go(func() { w.work(ctx) })
	}
	all.Wait()
	slices.SortFunc(w.found, func(a, b Descriptor) int {
		return cmp.Or(cmp.Compare(a.Pid, b.Pid), cmp.Compare(a.Tid, b.Tid), cmp.Compare(a.FD, b.FD))
	})
	if err := ctx.Err(); err != nil {
		return Owners{}, fmt.Errorf("cannot look into the processes: %w", err)
	}
	slices.Sort(w.hidden)
	return Owners{Descriptors: w.found, Hidden: slices.Compact(w.hidden)}, nil
}

// direntBuffer holds some 680 entries: a folder with more is shared with workers that have nothing left to do.
const direntBuffer = 16 << 10

func (w *walker) work(ctx context.Context) {
	buf := make([]byte, direntBuffer)
	for ctx.Err() == nil {
		i := int(w.next.Add(1)) - 1
		if i >= len(w.pids) {
			break
		}
		w.process(w.pids[i], buf)
		runtime.Gosched() // or the scheduler sends signals to a goroutine that runs too long, which cannot heed them in a system call
	}
	if w.busy.Add(-1) == 0 {
		close(w.chunks)
	}
	for c := range w.chunks {
		w.read(c.pid, c.tid, c.dir, c.entries)
		c.done.Done()
	}
}

func (w *walker) process(pid int, buf []byte) {
	base := "/proc/" + strconv.Itoa(pid)
	if !w.threads {
		count, err := w.folder(pid, pid, base+"/fd", buf)
		if err != nil || count > 0 {
			return
		}
	}
	// Kernel threads have no descriptors either, and one task.
	tasks, err := os.ReadDir(base + "/task")
	if forbidden(err) {
		w.hide(pid)
	}
	if err != nil || len(tasks) < 2 && !w.threads {
		return
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(task.Name())
		if err != nil {
			continue
		}
		count, err := w.folder(pid, tid, base+"/task/"+task.Name()+"/fd", buf)
		if err == nil && count > 0 && !w.threads {
			return // they share it
		}
	}
}

// hide remembers that not all descriptors of a process could be read.
func (w *walker) hide(pid int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hidden = append(w.hidden, pid)
}

// folder reads one folder of descriptors and returns how many it has.
func (w *walker) folder(pid, tid int, path string, buf []byte) (count int, err error) {
	dir, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if forbidden(err) {
		w.hide(pid)
	}
	if err != nil {
		return 0, err
	}
	defer unix.Close(dir)
	var handedOn sync.WaitGroup
	defer handedOn.Wait()
	for first := true; ; first = false {
		n, err := getdents(dir, buf)
		if err != nil || n <= 0 {
			return count, err
		}
		count += entries(buf[:n])
		if !first {
			handedOn.Add(1)
			select {
			case w.chunks <- chunk{pid, tid, dir, slices.Clone(buf[:n]), &handedOn}:
				continue
			default:
				handedOn.Done()
			}
		}
		w.read(pid, tid, dir, buf[:n])
	}
}

// getdents is getdents64(2) of a folder of /proc, which never makes a thread wait. The scheduler is not told of it: it
// would hand the processor to another thread in the tens of microseconds that it takes.
func getdents(dir int, buf []byte) (int, error) {
	n, _, errno := unix.RawSyscall(unix.SYS_GETDENTS64, uintptr(dir), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// The layout of struct linux_dirent64, see getdents(2).
const (
	direntLength = 16
	direntName   = 19
)

// entries counts the entries in b but for "." and "..".
func entries(b []byte) (n int) {
	for len(b) > direntName {
		if b[direntName] != '.' {
			n++
		}
		b = b[binary.NativeEndian.Uint16(b[direntLength:]):]
	}
	return n
}

// read reads the link behind each entry. A link of /proc never makes a thread wait, so the scheduler is not told: that
// would cost as much as the call.
func (w *walker) read(pid, tid, dir int, b []byte) {
	var link [64]byte
	for len(b) > direntName {
		name := b[direntName:]
		b = b[binary.NativeEndian.Uint16(b[direntLength:]):]
		if name[0] == '.' {
			continue
		}
		n, _, errno := unix.RawSyscall6(unix.SYS_READLINKAT, uintptr(dir), uintptr(unsafe.Pointer(&name[0])),
			uintptr(unsafe.Pointer(&link[0])), uintptr(len(link)), 0, 0)
		switch {
		case errno == 0:
		case forbidden(errno): // root opens every folder, but without CAP_SYS_PTRACE it reads no link of a process with more rights
			w.hide(pid)
			return
		default:
			continue // closed meanwhile
		}
		inode, ok := socketInode(link[:n])
		if !ok || !w.wanted[inode] {
			continue
		}
		w.mu.Lock()
		w.found = append(w.found, Descriptor{Pid: pid, Tid: tid, FD: int(number(name)), Inode: inode})
		w.mu.Unlock()
	}
}

// socketInode reads "socket:[12345]".
func socketInode(link []byte) (uint64, bool) {
	const prefix = "socket:["
	if len(link) <= len(prefix) || string(link[:len(prefix)]) != prefix || link[len(link)-1] != ']' {
		return 0, false
	}
	return number(link[len(prefix):]), true
}

// number reads the digits at the beginning of b.
func number(b []byte) (n uint64) {
	for _, c := range b {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}
