package bench

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// secure is TLS over the socket of a connection. What it writes is collected in out, for the worker to send.
type secure struct {
	*tls.Conn

	wire *sealed
}

// seal is bytes as records.
func (s *secure) seal(bytes []byte) ([]byte, error) {
	_, err := s.Write(bytes)
	out := s.wire.out
	s.wire.out = s.wire.out[:0]
	return out, err
}

// sealed is the socket below TLS: while hands are shaken it blocks, and afterwards reads say that they would.
type sealed struct {
	net.Conn // nil: nothing else of it is used

	fd      int
	until   time.Time
	shaking bool
	out     []byte
}

// wouldBlock is no end of a TLS connection: it is temporary.
type wouldBlock struct{}

func (wouldBlock) Error() string   { return "nothing has arrived" }
func (wouldBlock) Timeout() bool   { return true }
func (wouldBlock) Temporary() bool { return true }

// Is has it taken for what a socket without TLS says.
func (wouldBlock) Is(err error) bool { return err == unix.EAGAIN } //nolint:errorlint // that is what Is is for

func (s *sealed) Read(b []byte) (int, error) {
	for {
		n, err := transfer(unix.SYS_RECVFROM, s.fd, b)
		switch {
		case err == nil && n == 0:
			return 0, io.EOF
		case !errors.Is(err, unix.EAGAIN):
			return n, err
		case !s.shaking:
			return 0, wouldBlock{}
		}
		if err := s.block(unix.POLLIN); err != nil {
			return 0, err
		}
	}
}

func (s *sealed) Write(b []byte) (int, error) {
	if !s.shaking {
		s.out = append(s.out, b...)
		return len(b), nil
	}
	for sent := 0; ; {
		n, err := transfer(unix.SYS_SENDTO, s.fd, b[sent:])
		if sent += n; sent == len(b) || err != nil && !errors.Is(err, unix.EAGAIN) {
			return sent, err
		}
		if err := s.block(unix.POLLOUT); err != nil {
			return sent, err
		}
	}
}

func (s *sealed) block(events int16) error {
	left := time.Until(s.until)
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: events}}, int(max(0, left.Milliseconds())))
	switch {
	case errors.Is(err, unix.EINTR):
		return nil
	case err == nil && n == 0:
		return unix.ETIMEDOUT
	}
	return err
}

func (*sealed) Close() error                     { return nil } // the worker closes the socket
func (*sealed) SetDeadline(time.Time) error      { return nil }
func (*sealed) SetReadDeadline(time.Time) error  { return nil }
func (*sealed) SetWriteDeadline(time.Time) error { return nil }

// mostShaking is how many hands a worker shakes at once: each takes a thread while it waits.
const mostShaking = 16

// handshakes are the TLS handshakes of a worker. They block, so they are made in goroutines; an event wakes the worker when
// one is over.
type handshakes struct {
	event int
	slots chan struct{}
	mu    sync.Mutex
	under map[int]bool // way: their descriptors
	over  []shaken
	why   error // the first that came to nothing, as TLS says it; the worker's
	busy  sync.WaitGroup
}

type shaken struct {
	i      int
	opened uint32
	fd     int // a copy, which nobody else closes
	tls    *secure
	err    error
}

func (h *handshakes) watch(epoll int) (err error) {
	h.slots, h.under = make(chan struct{}, mostShaking), map[int]bool{}
	if h.event, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return err
	}
	return unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, h.event, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: -1})
}

// close ends the handshakes that are under way: nobody waits for a service that does not answer.
func (h *handshakes) close() error {
	h.mu.Lock()
	for fd := range h.under {
		_ = unix.Shutdown(fd, unix.SHUT_RDWR)
	}
	h.mu.Unlock()
	h.busy.Wait()
	for _, s := range h.take() {
		_ = unix.Close(s.fd)
	}
	return unix.Close(h.event)
}

func (h *handshakes) take() []shaken {
	h.mu.Lock()
	defer h.mu.Unlock()
	over := h.over
	h.over = nil
	return over
}

// shake has the handshake of a connection made. The worker may give the connection up in the meantime, so the goroutine has
// a descriptor of its own.
func (w *worker) shake(i int) {
	c := &w.conns[i]
	c.state = shaking
	fd, err := unix.FcntlInt(uintptr(c.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		w.fails(i, w.now(), kindOf(err))
		return
	}
	s := shaken{i: i, opened: c.opened, fd: fd}
	w.shaken.mu.Lock()
	w.shaken.under[fd] = true
	w.shaken.mu.Unlock()
	limit, config := time.Now().Add(w.o.Timeout), w.o.Target.TLS
	w.shaken.busy.Go(func() {
		w.shaken.slots <- struct{}{}
		defer func() { <-w.shaken.slots }()
		below := &sealed{fd: fd, until: limit, shaking: true}
		s.tls = &secure{tls.Client(below, config), below}
		s.err = s.tls.Handshake()
		below.shaking = false
		w.shaken.mu.Lock()
		delete(w.shaken.under, fd)
		w.shaken.over = append(w.shaken.over, s)
		w.shaken.mu.Unlock()
		_, _ = unix.Write(w.shaken.event, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	})
}

// takeShaken goes on with the connections whose handshake is over.
func (w *worker) takeShaken() {
	var count [8]byte
	_, _ = unix.Read(w.shaken.event, count[:])
	for _, s := range w.shaken.take() {
		_ = unix.Close(s.fd)
		c, now := &w.conns[s.i], w.now()
		switch {
		case c.opened != s.opened || c.state != shaking:
		case s.err != nil:
			why := handshakeKind(s.err)
			if why == noHandshake && w.shaken.why == nil {
				w.shaken.why = s.err
			}
			w.fails(s.i, now, why)
		default:
			s.tls.wire.fd = c.fd
			c.tls = s.tls
			w.stands(s.i, now)
			if c.opened == s.opened { // what came with the handshake makes no event any more
				w.receive(s.i, now, false)
			}
		}
	}
}

func handshakeKind(err error) kind {
	if k := kindOf(err); k != otherwise {
		return k
	}
	return noHandshake
}

// get reads what has arrived: -1 for nothing yet, 0 for the end.
func (w *worker) get(c *conn, buf []byte) (int, kind) {
	var n int
	var err error
	if c.tls == nil {
		n, err = transfer(unix.SYS_RECVFROM, c.fd, buf)
	} else {
		n, err = c.tls.Read(buf)
	}
	switch {
	case err == nil:
		return n, none
	case errors.Is(err, unix.EAGAIN):
		return -1, none
	case errors.Is(err, io.EOF):
		return 0, none
	case c.tls != nil:
		return 0, handshakeKind(err)
	}
	return 0, kindOf(err)
}

// put writes what the socket takes.
func (*worker) put(c *conn, bytes []byte) (int, kind) {
	n, err := transfer(unix.SYS_SENDTO, c.fd, bytes)
	if err != nil && !errors.Is(err, unix.EAGAIN) {
		return 0, kindOf(err)
	}
	return n, none
}
