package server

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// loop drives the connections that it was given, with one epoll set, on one goroutine: what is below here is that one's,
// but for what is said to be anybody's. It reads and writes with system calls that never block and that the scheduler is
// not told of, see rawRead; it looks for events in the same way, and where there are none it waits in a call that the
// scheduler knows.
type loop struct {
	server      *Server
	number      uint32 // from 1
	epoll, bell int    // the bell is an eventfd(2), which ends the wait

	in, out  []byte // for all connections, while one is looked at
	events   []unix.EpollEvent
	wheel    wheel
	sides    []side
	spare    []int32 // sides that nobody has
	handlers []use
	last     []place    // have been sent their last answer
	came     []*arrival // those of the time before, for their memory
	held     []place    // for MaxOutput, in the order in which they came
	settings *settings
	drains   bool // and has told its connections
	misses   int  // waits one after the other that no look has spared
	now      int64
	gaveWay  int64 // when other goroutines could run last
	began    int64 // when the scheduler let this one run

	// Anybody's.
	mu     sync.Mutex
	mail   []func()
	comers []*arrival
	over   bool         // the descriptors are closed
	called atomic.Bool  // there is mail
	asleep atomic.Bool  // waits, or is about to
	stamp  atomic.Int64 // as of an acceptor
	conns  atomic.Int64
	rests  atomic.Int64 // connections for which nothing is in flight, see anyRests
	sum    struct{ bytesIn, bytesOut, messages atomic.Uint64 }
}

// use is a handler that connections have.
type use struct {
	of    *settings
	conns int
}

// place is a connection, also after it is gone: then the generation is another one.
type place struct {
	fd  int32
	gen uint32
}

const (
	eventsMost = 256 // of one turn
	looksMost  = 1000
	// giveWayTime is how long a loop works before it lets others run. Each time costs a look at all processors.
	giveWayTime = time.Millisecond
	// beginTime is how long a loop that waits only for moments works before it has the scheduler let it run anew. From who
	// has begun 10 ms ago Go's monitor takes the processor in the next system call, however short, and then wakes up every
	// 20 microseconds, for a while: 2.5 % of a core.
	beginTime = 5 * time.Millisecond
	// After missesMost looks in vain a loop looks only before each missesLook-th wait.
	missesMost = 16
	missesLook = 64
)

func newLoop(s *Server, number uint32) (*loop, error) {
	l := &loop{server: s, number: number, epoll: -1, bell: -1}
	var err error
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("cannot make an event loop: %w", os.NewSyscallError("epoll_create1", err))
	}
	if l.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		l.release()
		return nil, fmt.Errorf("cannot make an event loop: %w", os.NewSyscallError("eventfd", err))
	}
	// An edge, so that it need not be read.
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(l.bell)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, l.bell, &event); err != nil {
		l.release()
		return nil, fmt.Errorf("cannot make an event loop: %w", os.NewSyscallError("epoll_ctl", err))
	}
	l.in, l.out = make([]byte, smallBuffer), make([]byte, OutputChunk+smallBuffer)
	l.events = make([]unix.EpollEvent, eventsMost)
	l.sides = make([]side, 1) // 0 stands for none
	l.settings = s.settings.Load()
	l.wheel.slab = &s.loopSet.slab
	l.tell()
	l.stamp.Store(l.now)
	return l, nil
}

func (l *loop) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	for _, fd := range []int{l.epoll, l.bell} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// tell looks at the clock.
func (l *loop) tell() int64 {
	l.now = int64(time.Since(l.server.start))
	return l.now
}

// run drives connections until the server has served its last one.
func (l *loop) run() {
	defer l.release()
	for {
		n := l.await()
		l.stamp.Store(l.now)
		if now := l.server.settings.Load(); now != l.settings {
			l.reload(now)
		}
		for _, event := range l.events[:n] {
			if event.Fd != int32(l.bell) {
				l.event(place{event.Fd, uint32(event.Pad)}, event.Events)
			}
			if l.called.Load() { // who comes does not wait for all that are busy
				l.read()
			}
			l.giveWay()
		}
		if l.called.Load() {
			l.read()
		}
		l.wheel.turn(l.now, looksMost, l.look)
		l.serveHeld()
		l.lookLast()
		select {
		case <-l.server.served:
			l.read()
			return
		default:
		}
	}
}

// giveWay lets others run that wait for a processor. A loop under load would have its own for the 10 ms after which Go takes
// it away.
func (l *loop) giveWay() {
	if l.now-l.gaveWay >= int64(giveWayTime) {
		l.beginAnew()
	}
}

// beginAnew lets others run, and has the scheduler begin this one anew.
func (l *loop) beginAnew() {
	runtime.Gosched()
	l.gaveWay = l.tell()
	l.began = l.now
}

// await fills events. A look costs less than a wait, of which the scheduler is told; where events come one at a time it
// finds none, and costs a system call.
func (l *loop) await() int {
	if l.now-l.began >= int64(beginTime) && len(l.last) == 0 { // no last answer is on its way without its end
		l.beginAnew()
	}
	n := 0
	if l.misses < missesMost || l.misses%missesLook == 0 {
		n = l.ready()
	}
	from := l.tell()
	if n > 0 {
		l.misses = 0
		return n
	}
	l.misses++
	n = l.wait()
	l.gaveWay = l.tell()
	if l.now-from >= int64(giveWayTime) { // then the monitor sleeps, too
		l.began = l.now
	}
	return n
}

// ready looks for events without waiting for them.
func (l *loop) ready() int { return epollWait(l.epoll, l.events) }

// wait waits for events, until the next deadline, or the bell.
func (l *loop) wait() int {
	l.asleep.Store(true)
	defer l.asleep.Store(false)
	most := l.settings.Wake
	if len(l.held) > 0 {
		most = min(most, outputPause)
	}
	pause := l.wheel.wait(l.now, int64(most))
	if l.called.Load() || len(l.last) > 0 { // mail that came before it was said that this one sleeps
		return 0
	}
	n, err := unix.EpollWait(l.epoll, l.events, int((pause+int64(time.Millisecond)-1)/int64(time.Millisecond)))
	if err != nil { // EINTR
		return 0
	}
	return n
}

// post has a loop do something, soon. It is anybody's.
func (l *loop) post(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mail = append(l.mail, do)
	l.call()
}

// call has the loop look at its mail. The lock is held.
func (l *loop) call() {
	l.called.Store(true)
	if l.asleep.Load() && !l.over {
		one := [8]byte{1}
		_, _ = unix.Write(l.bell, one[:]) // EAGAIN: it rings
	}
}

func (l *loop) read() {
	l.called.Store(false)
	l.mu.Lock()
	mail, comers := l.mail, l.comers
	l.mail, l.comers = nil, l.came[:0]
	l.mu.Unlock()
	for _, a := range comers {
		l.begin(a)
	}
	clear(comers)
	l.came = comers
	for _, do := range mail {
		do()
	}
}

// reload takes up other settings: deadlines may be shorter now.
func (l *loop) reload(now *settings) {
	former := l.settings.Limits
	l.settings = now
	if now.Limits != former {
		l.wheel.slab.each(l.number, l.watch)
	}
}
