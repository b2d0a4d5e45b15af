package path

import (
	"encoding/binary"
	"errors"
	"net"
	"time"
	"unsafe"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"
)

// probe sends small packets over the second pair of devices of a netem path, which have no rate and no loss, and looks at
// the queues of the first one. The kernel says when a packet has come: no program's turn is in that.
type probe struct {
	path    *Path
	sockets [2]*net.UDPConn
	oneWay  time.Duration
	ending  chan struct{}
	ended   [3]chan struct{}
	delays  [2]mean
	late    [2]*hdrhistogram.Histogram
	queues  [2]queue
	failed  error
}

// mean is that of what was added.
type mean struct {
	sum float64
	n   int
}

// queue is what a token bucket let through while packets waited in it.
type queue struct {
	before  disciplined
	at      time.Time
	bits    float64
	seconds float64
}

const (
	probeInterval = 10 * time.Millisecond
	queueInterval = 5 * probeInterval
	probePort     = 9 // discard
)

func startProbe(p *Path, s Shape) (*probe, error) {
	b := &probe{path: p, oneWay: s.RTT / 2, ending: make(chan struct{})}
	for i, end := range []*End{p.Client, p.Server} {
		b.late[i] = hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
		err := end.Do(func() (err error) {
			b.sockets[i], err = net.ListenUDP("udp4", &net.UDPAddr{IP: address(probeNet, i), Port: probePort})
			return err
		})
		if err == nil {
			err = stamped(b.sockets[i])
		}
		if err != nil {
			b.close()
			return nil, err
		}
	}
	for i := range b.ended {
		b.ended[i] = make(chan struct{})
	}
	for i := range b.sockets {
		go b.receive(i)
	}
	go b.send()
	return b, nil
}

// stamped has the kernel say when a packet came (Documentation/networking/timestamping.rst).
func stamped(c *net.UDPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) })
	return errors.Join(err, failed)
}

// send asks each direction how late it is, and looks at its queue, until it is told to end.
func (b *probe) send() {
	defer close(b.ended[2])
	tick := time.NewTicker(probeInterval)
	defer tick.Stop()
	var looked time.Time
	for packet := make([]byte, 8); ; {
		for i, c := range b.sockets {
			binary.NativeEndian.PutUint64(packet, uint64(time.Now().UnixNano()))
			_, _ = c.WriteToUDP(packet, &net.UDPAddr{IP: address(probeNet, 1-i), Port: probePort})
		}
		if time.Since(looked) >= queueInterval {
			looked = time.Now()
			b.failed = errors.Join(b.failed, b.look())
		}
		select {
		case <-b.ending:
			return
		case <-tick.C:
		}
	}
}

// receive takes what comes to a socket until that is closed.
func (b *probe) receive(i int) {
	defer close(b.ended[i])
	packet, control := make([]byte, 8), make([]byte, 128)
	for {
		n, size, _, _, err := b.sockets[i].ReadMsgUDP(packet, control)
		if err != nil {
			return
		}
		came, stamped := stamp(control[:size])
		if n != len(packet) || !stamped {
			continue
		}
		took := time.Duration(came - int64(binary.NativeEndian.Uint64(packet)))
		b.delays[i].sum += took.Seconds()
		b.delays[i].n++
		_ = b.late[i].RecordValue(max(0, took-b.oneWay).Microseconds())
	}
}

// stamp is when a packet with that control message has come, in nanoseconds since 1970.
func stamp(control []byte) (nanoseconds int64, some bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0, false
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_TIMESTAMPNS && len(m.Data) >= int(unsafe.Sizeof(unix.Timespec{})) {
			return (*unix.Timespec)(unsafe.Pointer(&m.Data[0])).Nano(), true
		}
	}
	return 0, false
}

// look adds to what was let through what both looks have seen packets wait for.
func (b *probe) look() (err error) {
	for i, end := range []*End{b.path.Client, b.path.Server} {
		var now disciplined
		err = errors.Join(err, end.Do(func() (err error) {
			now, err = disciplines()
			return err
		}))
		q, at := &b.queues[i], time.Now()
		if q.before.waiting > 0 && now.waiting > 0 {
			q.bits += float64(now.bytes-q.before.bytes) * 8
			q.seconds += at.Sub(q.at).Seconds()
		}
		q.before, q.at = now, at
	}
	return err
}

func (b *probe) close() {
	for _, c := range b.sockets {
		if c != nil {
			_ = c.Close()
		}
	}
}

// end is what was seen: delay, lateness, rate.
func (b *probe) end() (m Measured, err error) {
	close(b.ending)
	<-b.ended[2]
	b.close()
	late := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	var busiest float64
	for i := range b.sockets {
		<-b.ended[i]
		late.Merge(b.late[i])
		if d := b.delays[i]; d.n > 0 {
			m.Delay += time.Duration(d.sum / float64(d.n) * 1e9)
		}
		if q := b.queues[i]; q.seconds > 1 && q.bits > busiest {
			busiest = q.bits
			m.Rate = int64(q.bits / q.seconds)
		}
	}
	m.lateness(late)
	return m, b.failed
}
