package load

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

const (
	greeted   = 256              // connections that are opened together; a listener's backlog holds more
	patience  = 10 * time.Second // for any answer
	maxEvents = 1024
)

// Clients are connections to one server. Not safe for concurrent use.
type Clients struct {
	epoll  int
	depth  int
	conns  []conn
	bursts bursts
	events []unix.EpollEvent
}

// conn is one connection, and how much of its answer is there.
type conn struct {
	fd    int
	burst uint64        // number of the last burst that was sent
	got   int           // bytes of its answer that have arrived
	sent  time.Duration // since the begin of the exchange
}

// Connect opens n connections to the server, and has one burst of depth messages answered on each, so that the server
// has accepted all of them. It fails when the limit of open files is below n, or an answer is wrong or missing.
func Connect(server netip.AddrPort, n, depth int) (*Clients, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	c := &Clients{epoll: epoll, depth: depth, bursts: newBursts(depth), events: make([]unix.EpollEvent, maxEvents)}
	for len(c.conns) < n {
		from := len(c.conns)
		for len(c.conns) < min(n, from+greeted) {
			if err := c.add(server); err != nil {
				return nil, errors.Join(fmt.Errorf("cannot open connection %d of %d: %w", len(c.conns)+1, n, err), c.Close())
			}
		}
		if err := c.exchange(from, once); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

func (c *Clients) add(server netip.AddrPort) error {
	fd, err := dial(server)
	if err != nil {
		return err
	}
	// The event carries the place in conns, not the descriptor.
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(len(c.conns))}
	c.conns = append(c.conns, conn{fd: fd})
	return unix.EpollCtl(c.epoll, unix.EPOLL_CTL_ADD, fd, &event)
}

// Close closes all connections, with a reset.
func (c *Clients) Close() error {
	err := unix.Close(c.epoll)
	for _, conn := range c.conns {
		err = errors.Join(err, unix.Close(conn.fd))
	}
	return err
}

// Run exchanges messages on all connections, first for a warm-up and then for as long as is measured, and waits for
// what is still under way. It calls mark at the begin and at the end of what is measured. It fails at the first answer
// that is wrong, and when none arrives for ten seconds.
func (c *Clients) Run(warmup, long time.Duration, mark func() error) (Result, error) {
	m := newMeter(warmup, long, mark)
	err := c.exchange(0, m.answered)
	return m.result, err
}

// once is for exchanges of one burst on each connection.
func once(int, time.Duration, time.Duration) (bool, error) { return true, nil }

// exchange sends a burst on each connection from this one on, and after each answer the next one, until answered, which
// is told the number of messages, when they were sent and when they were back, says that all is over.
func (c *Clients) exchange(
	from int,
	answered func(messages int, sent, now time.Duration) (over bool, err error),
) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begin := time.Now()
	for i := from; i < len(c.conns); i++ {
		if err := c.send(i, time.Since(begin)); err != nil {
			return err
		}
	}
	for pending := len(c.conns) - from; pending > 0; {
		n, err := wait(c.epoll, c.events, int(patience.Milliseconds()))
		if err != nil || n == 0 {
			return errors.Join(fmt.Errorf("no answer for %v on %d connections", patience, pending), err)
		}
		for _, event := range c.events[:n] {
			i := int(event.Fd)
			if done, err := c.receive(i); err != nil {
				return err
			} else if !done {
				continue
			}
			now := time.Since(begin)
			if over, err := answered(c.depth, c.conns[i].sent, now); err != nil {
				return err
			} else if over {
				pending--
			} else if err := c.send(i, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// send sends the next burst. It always fits into the send buffer, since the one before has been answered.
func (c *Clients) send(i int, now time.Duration) error {
	conn := &c.conns[i]
	conn.burst, conn.got, conn.sent = conn.burst+1, 0, now
	burst := c.bursts.fill(i, conn.burst)
	if n, err := transfer(unix.SYS_WRITE, conn.fd, burst); err != nil || n < len(burst) {
		return errors.Join(fmt.Errorf("connection %d: %d of %d bytes were taken", i, n, len(burst)), err)
	}
	return nil
}

// receive reads once, and tells whether the answer is complete.
func (c *Clients) receive(i int) (done bool, err error) {
	conn := &c.conns[i]
	n, err := transfer(unix.SYS_READ, conn.fd, c.bursts.got)
	switch {
	case err == nil && n > 0:
	case err == nil:
		return false, fmt.Errorf("connection %d: closed by the server", i)
	case errors.Is(err, unix.EAGAIN):
		return false, nil
	default:
		return false, fmt.Errorf("connection %d: %w", i, err)
	}
	if !c.bursts.answers(i, conn.burst, conn.got, n) {
		return false, fmt.Errorf("connection %d: the answer is not what was sent", i)
	}
	conn.got += n
	return conn.got == len(c.bursts.want), nil
}
