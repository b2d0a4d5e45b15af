package path

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// emulator carries packets between two TUN devices. Lane i goes from device i to the other one.
type emulator struct {
	devices [2]int
	lanes   [2]*lane
	slack   int64 // nanoseconds
	began   time.Time
	frame   []byte
	scratch []byte
}

// batch is how many frames are read before deliveries have their turn again.
const batch = 16

// slackShare is of how much of the round-trip time a packet may be late in each direction so that several are delivered
// at once, as a network card does that raises no interrupt for each: most of the work of a packet is to wake up for it.
const slackShare = 2000

// The descriptors of the process that carries packets.
const (
	standardInput = 0 // ends when it is to end
	firstDevice   = 3
)

// Carry is what the process does that carries the packets of a path, see [Command]: it reads the shape on its standard
// input, and at the end of that writes what it has measured.
//
// It is a process of its own so that all its threads can run before all others: packets have their moment, and where a
// thread of Go waits for another one, the delay of the slower one counts.
func Carry(in io.Reader, out io.Writer) error {
	var s Shape
	if err := json.NewDecoder(in).Decode(&s); err != nil {
		return fmt.Errorf("cannot read the shape of the path: %w", err)
	}
	debug.SetGCPercent(-1) // the memory of packets is used again
	debug.SetMemoryLimit(math.MaxInt64)
	goFirst()
	e := &emulator{
		devices: [2]int{firstDevice, firstDevice + 1}, lanes: [2]*lane{newLane(s, 0), newLane(s, 1)},
		slack: int64(s.RTT / slackShare), began: time.Now(),
		frame: make([]byte, virtioSize+1<<16), scratch: make([]byte, virtioSize+mtu),
	}
	for _, fd := range e.devices {
		if err := unix.SetNonblock(fd, true); err != nil {
			return os.NewSyscallError("fcntl", err)
		}
	}
	if err := e.run(); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(measured(e.lanes))
}

// goFirst has the threads of this process run as soon as they are woken, before all that is not of real time, and those
// that they start too; they sleep most of the time. Where that is not allowed, lateness tells.
func goFirst() {
	threads, _ := host.Host{}.ReadDir("/proc/self/task")
	for _, t := range threads {
		if tid, err := strconv.Atoi(t); err == nil {
			first := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}
			if unix.SchedSetAttr(tid, &first, 0) != nil {
				_ = unix.Setpriority(unix.PRIO_PROCESS, tid, -20)
			}
		}
	}
}

func (e *emulator) now() int64 { return int64(time.Since(e.began)) }

// run carries packets until it is told to end.
func (e *emulator) run() error {
	waiting := [2]bool{true, true} // whether a device has frames
	for {
		for i := range e.lanes {
			if err := e.deliver(i); err != nil {
				return err
			}
			if !waiting[i] {
				continue
			}
			n, err := e.read(i)
			if err != nil {
				return err
			}
			waiting[i] = n == batch
		}
		if waiting[0] || waiting[1] {
			continue
		}
		end, err := e.wait(&waiting)
		if end || err != nil {
			return err
		}
	}
}

// read takes some of the frames that device i has.
func (e *emulator) read(i int) (frames int, err error) {
	for ; frames < batch; frames++ {
		n, err := unix.Read(e.devices[i], e.frame)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return frames, nil
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return frames, os.NewSyscallError("read from TUN device", err)
		}
		now := e.now()
		if err := cut(e.frame[:n], e.scratch, func(p []byte) { e.lanes[i].take(p, now) }); err != nil {
			return frames, fmt.Errorf("cannot cut %w", err)
		}
	}
	return frames, nil
}

// deliver hands over what is due on lane i.
func (e *emulator) deliver(i int) error {
	l := e.lanes[i]
	for now := e.now(); ; now = e.now() {
		due, some := l.next()
		if !some || due > now {
			return nil
		}
		p := l.pop()
		for {
			_, err := unix.Write(e.devices[1-i], p.data)
			if errors.Is(err, unix.EINTR) {
				continue
			}
			if err == nil {
				l.counters.arrived(p, now)
				break
			}
			if !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.ENOMEM) && !errors.Is(err, unix.EAGAIN) {
				return os.NewSyscallError("write to TUN device", err)
			}
			l.counters.refused++
			break
		}
		l.pool.put(p.data)
	}
}

// wait sleeps until a packet has been due for the slack, or frames come, from which devices it then says, or all is to
// end.
func (e *emulator) wait(frames *[2]bool) (end bool, err error) {
	var timeout *unix.Timespec
	first := int64(math.MaxInt64)
	for _, l := range e.lanes {
		if due, some := l.next(); some {
			first = min(first, due)
		}
	}
	if first < math.MaxInt64 {
		t := unix.NsecToTimespec(max(0, first+e.slack-e.now()))
		timeout = &t
	}
	fds := []unix.PollFd{
		{Fd: int32(e.devices[0]), Events: unix.POLLIN},
		{Fd: int32(e.devices[1]), Events: unix.POLLIN},
		{Fd: standardInput, Events: unix.POLLIN},
	}
	if _, err = unix.Ppoll(fds, timeout, nil); err != nil && !errors.Is(err, unix.EINTR) {
		return false, os.NewSyscallError("ppoll", err)
	}
	for i := range frames {
		frames[i] = fds[i].Revents != 0
	}
	return fds[2].Revents != 0, nil
}
