package prove

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tcptune/tcptune/prove/path"
)

// The sizes of the work, in bytes, and how many do it at once.
const (
	port       = 7
	chunk      = 256 << 10
	question   = 128
	pageAnswer = 16 << 10 // of a connection of its own: more than the first window holds
	nearAnswer = 4 << 10  // of a request
	lateAnswer = 64 << 10 // after a pause
	atOnce     = 32       // connections, one after the other
	asking     = 16       // connections with one request after the other
	idling     = 300      // connections that do nothing
	waking     = 20       // connections that ask after a pause
	pause      = 500 * time.Millisecond
)

// Work is a [Load] of our own: small, a goroutine for each connection.
func Work(ctx context.Context, p *path.Path, workload string, lasts time.Duration) (Figures, error) {
	serverCtx, end := context.WithCancel(ctx) // the server does not end before the client
	defer end()
	ctx, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	l, err := p.Server.Listen(port)
	if err != nil {
		return nil, err
	}
	w := &work{path: p, figures: Figures{}, watched: map[*net.TCPConn]bool{}, lasts: lasts}
	stop := context.AfterFunc(serverCtx, w.endAll)
	defer stop()
	serving := make(chan struct{})
	go func() {
		defer close(serving)
		w.serve(serverCtx, l, workload == Bulk)
	}()
	watching := w.watchMemory(ctx)
	switch workload {
	case Bulk:
		err = w.bulk(ctx)
	case Connections:
		err = w.connections(ctx)
	case Requests:
		err = w.requests(ctx)
	default:
		err = w.idle(ctx)
	}
	cancel()
	w.figures["memory"] = float64(<-watching) / 1024
	if err == nil {
		w.figures["retransmits"], err = retransmits(p)
	}
	_ = l.Close()
	end()
	<-serving
	return w.figures, err
}

// work is one run of a workload.
type work struct {
	path    *path.Path
	figures Figures
	took    latencies
	lasts   time.Duration

	mu      sync.Mutex
	watched map[*net.TCPConn]bool
	failed  int
}

// dial connects from the client, and has the connection end with the time of the run.
func (w *work) dial(ctx context.Context) (*net.TCPConn, error) {
	c, err := w.path.Client.Dial(ctx, w.path.Server, port)
	if err != nil {
		return nil, err
	}
	if deadline, some := ctx.Deadline(); some {
		_ = c.SetDeadline(deadline)
	}
	w.watch(ctx, c)
	return c, nil
}

// watch has the memory of c counted, and c end when the run is ended.
func (w *work) watch(ctx context.Context, c *net.TCPConn) {
	w.mu.Lock()
	w.watched[c] = true
	w.mu.Unlock()
	if ctx.Err() != nil {
		w.endAll()
	}
}

// endAll has what waits for a connection go on: the run is over.
func (w *work) endAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.watched {
		_ = c.SetDeadline(time.Unix(1, 0))
	}
}

// done closes c. What is still on its way is not waited for where it is cut off.
func (w *work) done(c *net.TCPConn, cutOff bool) {
	w.mu.Lock()
	delete(w.watched, c)
	w.mu.Unlock()
	if cutOff {
		_ = c.SetLinger(0)
	}
	_ = c.Close()
}

// serve answers until l is closed: without end, or as many bytes as each question says in its first four.
func (w *work) serve(ctx context.Context, l *net.TCPListener, endless bool) {
	var all sync.WaitGroup
	defer all.Wait()
	data := make([]byte, lateAnswer)
	for {
		c, err := l.AcceptTCP()
		if err != nil {
			return
		}
		w.watch(ctx, c)
		all.Go(func() {
			defer w.done(c, endless)
			buf := make([]byte, question)
			for endless {
				if _, err := c.Write(data); err != nil {
					return
				}
			}
			for {
				if _, err := io.ReadFull(c, buf); err != nil {
					return
				}
				if _, err := c.Write(data[:min(len(data), int(binary.BigEndian.Uint32(buf)))]); err != nil {
					return
				}
			}
		})
	}
}

// over reports whether err only says that the time of the run is.
func over(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

// ask sends a question over c and reads its answer of size bytes.
func ask(c *net.TCPConn, buf []byte, size int) error {
	var q [question]byte
	binary.BigEndian.PutUint32(q[:], uint32(size))
	if _, err := c.Write(q[:]); err != nil {
		return err
	}
	_, err := io.ReadFull(c, buf[:size])
	return err
}

// bulk receives as much as comes in the time: nothing where the connection itself does not come up in it.
func (w *work) bulk(ctx context.Context) error {
	c, err := w.dial(ctx)
	if err != nil {
		if over(ctx, err) {
			w.figures["goodput"] = 0
			err = nil
		}
		return err
	}
	defer w.done(c, true)
	bytes := 0
	for buf := make([]byte, chunk); ; {
		n, err := c.Read(buf)
		bytes += n
		if err != nil {
			if over(ctx, err) {
				err = nil
			}
			w.figures["goodput"] = float64(bytes) * 8 / w.lasts.Seconds() / 1e6
			return err
		}
	}
}

// connections makes one after the other, each for one question; the client closes first.
func (w *work) connections(ctx context.Context) error {
	var workers errgroup.Group
	for range atOnce {
		workers.Go(func() error {
			for buf := make([]byte, pageAnswer); ctx.Err() == nil; {
				began := time.Now()
				c, err := w.dial(ctx)
				if err == nil {
					err = ask(c, buf, pageAnswer)
					w.done(c, over(ctx, err))
				}
				switch {
				case err == nil:
					w.took.add(time.Since(began))
				case over(ctx, err):
					return nil
				default: // no port is free, for one: that is what is to be measured
					w.mu.Lock()
					w.failed++
					w.mu.Unlock()
					time.Sleep(time.Millisecond)
				}
			}
			return nil
		})
	}
	err := workers.Wait()
	w.took.into(w.figures)
	all := len(w.took.took) + w.failed
	w.figures["rate"] = float64(len(w.took.took)) / w.lasts.Seconds()
	if all > 0 {
		w.figures["failed"] = 100 * float64(w.failed) / float64(all)
	}
	return err
}

// requests asks one question after the other on each of some connections.
func (w *work) requests(ctx context.Context) error {
	err := w.each(ctx, asking, func(_ int, c *net.TCPConn) error {
		for buf := make([]byte, nearAnswer); ; {
			began := time.Now()
			if err := ask(c, buf, nearAnswer); err != nil {
				return err
			}
			w.took.add(time.Since(began))
		}
	})
	w.took.into(w.figures)
	w.figures["rate"] = float64(len(w.took.took)) / w.lasts.Seconds()
	return err
}

// idle has many connections that do nothing, and few that ask for more after a pause.
func (w *work) idle(ctx context.Context) error {
	err := w.each(ctx, idling+waking, func(i int, c *net.TCPConn) error {
		if i >= waking {
			_, err := c.Read(make([]byte, 1))
			return err
		}
		for buf := make([]byte, lateAnswer); ; {
			began := time.Now()
			if err := ask(c, buf, lateAnswer); err != nil {
				return err
			}
			w.took.add(time.Since(began))
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(pause):
			}
		}
	})
	w.took.into(w.figures)
	return err
}

// each runs do on so many connections until the time is over.
func (w *work) each(ctx context.Context, many int, do func(i int, c *net.TCPConn) error) error {
	var workers errgroup.Group
	for i := range many {
		workers.Go(func() error {
			c, err := w.dial(ctx)
			if err == nil {
				defer w.done(c, true)
				err = do(i, c)
			}
			if over(ctx, err) {
				err = nil
			}
			return err
		})
	}
	return workers.Wait()
}
