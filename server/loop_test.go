package server

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sleepy is a handler that does what it must not.
type sleepy struct{ line }

func (s sleepy) Handle(out, in []byte) (Step, error) {
	if strings.HasPrefix(string(in), "sleep") {
		time.Sleep(mostOfACall + time.Millisecond)
	}
	return s.line.Handle(out, in)
}

func TestAHandlerThatHoldsUpItsLoopIsCountedAndNamedOnce(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Engine: Loops, Handler: Messages(sleepy{line{100}})})
	c := r.dial()
	for range 3 {
		c.ask("sleep")
	}
	if got := r.Stats().Stalls; got < 3 {
		t.Errorf("%d calls were counted, want 3", got)
	}
	if n := strings.Count(r.log.String(), "handler=server.sleepy"); n != 1 {
		t.Errorf("the log names the handler %d times, want once a minute:\n%s", n, r.log)
	}
}

func TestALoopThatIsHeldUpDoesNotAdvance(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	r := open(t, Config{Engine: Loops, Handler: Messages(messageFunc(func(out, in []byte) (Step, error) {
		<-stop
		return Step{Out: out, Consumed: len(in), Messages: 1}, nil
	}))})
	c := r.dial()
	c.say("hello")
	r.until("it does not advance", func(Stats) bool { return !r.Advancing(200 * time.Millisecond) })
	if list := r.Conns(10, ByAge); len(list) != 0 {
		t.Errorf("a loop that is held up lists %d connections", len(list))
	}
	close(stop)
	r.until("it advances again", func(Stats) bool { return r.Advancing(5 * time.Second) })
	if list := r.Conns(10, ByAge); len(list) != 1 || list[0].Messages != 1 {
		t.Errorf("connections are %+v, want one with a message", list)
	}
}

// messageFunc is a MessageHandler.
type messageFunc func(out, in []byte) (Step, error)

func (f messageFunc) Handle(out, in []byte) (Step, error) { return f(out, in) }

// evenClients is how many come: TCPTUNE_CLIENTS says another number, up to what may be open.
func evenClients() int {
	if n, err := strconv.Atoi(os.Getenv("TCPTUNE_CLIENTS")); err == nil {
		return n
	}
	return 1000
}

// TestConnectionsAreSharedOutEvenly has many come, half of them go, whichever loop has these, and as many come again.
func TestConnectionsAreSharedOutEvenly(t *testing.T) {
	t.Parallel()
	const each = 10000 // from one address, whose ports are some 28,000
	clients := evenClients()
	r := open(t, Config{Engine: Loops, Limits: Limits{MaxConns: clients + 1}})
	imbalance := func() int {
		least, most := int64(clients), int64(0)
		for _, l := range r.loopSet.each() {
			least, most = min(least, l.conns.Load()), max(most, l.conns.Load())
		}
		return int(most - least)
	}
	come := func(n int) (all []*client) {
		for range n {
			c := r.dialFrom(&net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+r.Stats().Accepted/each))})
			c.ask("hello")
			all = append(all, c)
		}
		return all
	}
	all := come(clients)
	first := imbalance()
	rand.New(rand.NewPCG(1, 2)).Shuffle(clients, func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, c := range all[:clients/2] {
		c.close()
	}
	r.until("half are gone", func(st Stats) bool { return st.Active == clients/2 })
	gone := imbalance()
	come(clients / 2)
	if again := imbalance(); first > 1 || again > 1 {
		t.Errorf("of %d connections one of %d loops has %d more than another, and %d after half were others", clients,
			len(r.loopSet.each()), first, again)
	} else {
		t.Logf("%d loops differ by %d, by %d when half are gone, then by %d", len(r.loopSet.each()), first, gone, again)
	}
}

func TestTheWheelFindsEachConnectionInTime(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	slab := &slab{}
	w := &wheel{slab: slab}
	const slots = 300
	want := map[int32]int64{}
	for fd := range int32(slots) {
		slab.open(fd)
	}
	now := int64(0)
	for range 20000 {
		fd := int32(r.IntN(slots))
		s := slab.at(fd)
		switch r.IntN(4) {
		case 0:
			w.take(s)
			delete(want, fd)
		case 1:
			now += r.Int64N(int64(1) << (15 + r.IntN(20)))
			w.turn(now, 1+r.IntN(2*slots), func(fd int32, _ *slot) {
				at, known := want[fd]
				switch {
				case !known:
					t.Fatalf("descriptor %d is looked at, and was taken out", fd)
				case at > now:
					w.put(fd, slab.at(fd), at) // not yet: as a loop does
				default:
					delete(want, fd)
				}
			})
		default:
			at := now + r.Int64N(int64(1)<<(20+r.IntN(22)))
			if before, known := want[fd]; known { // what is put off stays where it is until then
				at = min(at, before)
			}
			want[fd] = at
			w.put(fd, s, at)
		}
		if w.count != len(want) {
			t.Fatalf("%d are in the wheel, want %d", w.count, len(want))
		}
	}
	for len(want) > 0 {
		before := now
		now += max(w.wait(now, 1<<40), 1)
		w.turn(now, slots, func(fd int32, s *slot) {
			switch at := want[fd]; {
			case at > now:
				w.put(fd, s, at)
			case now-at > 3<<tickBits && before > at:
				t.Fatalf("descriptor %d is looked at %v late", fd, time.Duration(now-at))
			default:
				delete(want, fd)
			}
		})
	}
}

// idleMost is what an idle connection of a loop may take, with what is kept of its address.
const idleMost = 160

// TestAnIdleConnectionTakesAtMost160Bytes has each come from an address of its own.
func TestAnIdleConnectionTakesAtMost160Bytes(t *testing.T) {
	if got := unsafe.Sizeof(slot{}); got > 96 {
		t.Errorf("a slot has %d bytes", got)
	}
	if raceDetector {
		t.Skip("the race detector makes everything larger")
	}
	clients := 4000
	if testing.Short() {
		clients = 1000
	}
	r := behind(t, Config{Engine: Loops, Handler: Messages(echo{})})
	l, _ := netip.ParseAddrPort(r.addr)
	used := func() uint64 {
		heap := heapLeft()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return heap + m.StackInuse
	}
	answer := make([]byte, 5)
	const first = 600 // with which what is there once is made
	var before uint64
	fds := make([]int, 0, first+clients)
	defer func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	}()
	for i := range first + clients {
		if i == first {
			before = used()
		}
		low, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		fd, err := unix.FcntlInt(uintptr(low), unix.F_DUPFD_CLOEXEC, 10_000) // the low ones are a server's own, elsewhere
		_ = unix.Close(low)
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
		if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(l.Port()), Addr: l.Addr().As4()}); err != nil {
			t.Fatal(err)
		}
		exchange(t, fd, fmt.Appendf(nil, "PROXY TCP4 10.0.%d.%d 127.0.0.1 1 2\r\nhello", i/256, i%256), answer)
	}
	after := used()
	if got := (after - before) / uint64(clients); got > idleMost {
		t.Errorf("an idle connection takes %d bytes, want at most %d", got, idleMost)
	} else {
		t.Logf("an idle connection takes %d bytes", got)
	}
	if st := r.Stats(); st.Active != first+clients || st.InputBytes != 0 {
		t.Errorf("%d connections are served, and %d bytes of input are held", st.Active, st.InputBytes)
	}
}

// soakTime is how long connections come and go under full load: TCPTUNE_SOAK says another time.
func soakTime() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("TCPTUNE_SOAK")); err == nil {
		return d
	}
	return 2 * time.Second
}

// TestNothingLeaksUnderChurn has clients come, ask, stall, break off and go at full load, and counts what is left.
func TestNothingLeaksUnderChurn(t *testing.T) {
	for name, engine := range map[string]Engine{"loops": Loops, "goroutines": Goroutines} {
		t.Run(name, func(t *testing.T) { soak(t, engine) })
	}
}

func soak(t *testing.T, engine Engine) {
	descriptors := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	r := open(t, Config{Engine: engine, Handler: Messages(odd{oddMost}), Limits: Limits{
		ReadTimeout: 100 * time.Millisecond, IdleTimeout: 200 * time.Millisecond, MaxConns: 40, Queue: 10, MaxOutput: 1 << 20,
	}})
	r.config.Log = slog.New(slog.DiscardHandler) // each panic has a stack, which would be all the memory that grows
	if err := r.Reload(r.config); err != nil {
		t.Fatal(err)
	}
	r.serves()
	files, goroutines, heap := descriptors(), runtime.NumGoroutine(), heapLeft()
	var asked, answered atomic.Uint64
	var clients sync.WaitGroup
	end := time.Now().Add(soakTime())
	for seed := range 60 {
		clients.Go(func() {
			random := rand.New(rand.NewPCG(uint64(seed), 1))
			for time.Now().Before(end) {
				churn(random, r.addr, &asked, &answered)
			}
		})
	}
	clients.Wait()
	if asked.Load() == 0 || answered.Load() == 0 {
		t.Errorf("%d messages were sent, %d answered", asked.Load(), answered.Load())
	}
	st := r.until("all are gone", func(st Stats) bool { return st.Active == 0 && st.Queued == 0 })
	r.balanced()
	if st.Messages < answered.Load() {
		t.Errorf("%d messages are counted, clients have seen answers to %d", st.Messages, answered.Load())
	}
	if st.InputBytes != 0 || st.OutputBytes != 0 {
		t.Errorf("%d bytes of input and %d of output are held by nobody", st.InputBytes, st.OutputBytes)
	}
	for _, l := range r.loopSet.each() {
		left := make(chan string, 1)
		l.post(func() {
			slots, inUse := 0, 0
			l.wheel.slab.each(l.number, func(int32, *slot) { slots++ })
			for _, u := range l.handlers {
				inUse += u.conns
			}
			left <- fmt.Sprintf("%d connections, %d at rest, %d slots, %d in the wheel, %d sides with their buffers, %d held, "+
				"%d handlers", l.conns.Load(), l.rests.Load(), slots, l.wheel.count, len(l.sides)-1-len(l.spare), len(l.held), inUse)
		})
		want := "0 connections, 0 at rest, 0 slots, 0 in the wheel, 0 sides with their buffers, 0 held, 0 handlers"
		if got := <-left; got != want {
			t.Errorf("loop %d has %s", l.number, got)
		}
	}
	r.until("no descriptor and no goroutine is left", func(Stats) bool {
		return descriptors() <= files && runtime.NumGoroutine() <= goroutines
	})
	if left := heapLeft(); left > heap+mostHeapLeft {
		t.Errorf("the heap has grown from %d to %d bytes", heap, left)
	}
	r.serves()
	t.Logf("%d connections, %d messages answered", st.Accepted, st.Messages)
}

// mostHeapLeft is what tests and the runtime may have made meanwhile: a lost buffer of each hundredth connection is more.
const mostHeapLeft = 1 << 20

// heapLeft is what is left of the heap without what pools keep, which is gone after a second collection.
func heapLeft() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// churn is a client that comes and goes.
func churn(random *rand.Rand, addr string, asked, answered *atomic.Uint64) {
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	for range random.IntN(20) {
		if _, err := io.WriteString(c, strings.Repeat("hello\n", 1+random.IntN(50))); err != nil {
			return
		}
		asked.Add(1)
		if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
			return
		}
		answered.Add(1)
	}
	switch tcp, _ := c.(*net.TCPConn); random.IntN(6) {
	case 0:
		_ = tcp.SetLinger(0)
	case 1:
		_, _ = io.WriteString(c, "half")
		_, _ = io.Copy(io.Discard, c)
	case 2:
		_ = tcp.CloseWrite()
		_, _ = io.Copy(io.Discard, c)
	case 3:
		_, _ = io.WriteString(c, []string{"panic\n", "lie\n", "bad\n", strings.Repeat("z", oddMost+1)}[random.IntN(4)])
	case 4:
		_ = tcp.SetReadBuffer(4 << 10)
		_, _ = io.WriteString(c, strings.Repeat(strings.Repeat("y", oddMost)+"\n", 100))
	}
}
