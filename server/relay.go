package server

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// Relay sends each frame to an upstream, and the frame that comes back to the client: one at a time on a connection, so
// that answers keep the order of the questions. Where that fails, the answer is {"ok":false,"error":…} in a frame, and
// the connection goes on.
type Relay struct {
	Max int // bytes of a payload, either way
	// Do makes one exchange with an upstream, as pool.Pool does: exchange is given a connection, and may be called again
	// with another one as long as it could not send anything.
	Do func(ctx context.Context, exchange func(io.ReadWriter) error) error
}

// ServeConn relays the frames of one connection.
func (r Relay) ServeConn(ctx context.Context, c net.Conn) error {
	s := relayed{Relay: r, Conn: c, in: bufio.NewReaderSize(c, 4<<10), opened: time.Now()}
	s.progress, _ = c.(Progress)
	if s.progress == nil {
		s.progress = silent{}
	}
	for {
		more, err := s.await(ctx)
		if err != nil || !more {
			return err
		}
		if err := s.relay(ctx); err != nil {
			return err
		}
	}
}

// Refusal is a frame for a client that is not served.
func (Relay) Refusal() []byte { return Frame{}.Refusal() }

// relayed is one connection of a Relay.
type relayed struct {
	Relay
	net.Conn
	progress Progress
	in       *bufio.Reader
	frame    []byte // the request with its header; kept for the next one
	answer   []byte
	answered bool
	opened   time.Time
}

// await waits for the first byte of a frame. more is false where the client has closed; where the server
// drains, the error is that of ctx.
func (s *relayed) await(ctx context.Context) (more bool, err error) {
	if s.in.Buffered() > 0 {
		return true, nil
	}
	for {
		s.progress.Waiting()
		if ctx.Err() != nil { // after Waiting: from now on a drain ends the Read
			until := time.Now().Add(time.Millisecond) // what has just arrived
			if !s.answered {
				until = s.opened.Add(freshGrace)
			}
			if err := s.SetReadDeadline(until); err != nil {
				return false, err
			}
		}
		_, err := s.in.Peek(1)
		switch {
		case err == nil:
			return true, s.SetReadDeadline(time.Time{})
		case errors.Is(err, io.EOF):
			return false, nil
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return false, err
		case ctx.Err() != nil && (s.answered || time.Since(s.opened) >= freshGrace):
			return false, ctx.Err()
		}
	}
}

// relay reads a frame, and answers it.
func (s *relayed) relay(ctx context.Context) error {
	s.progress.Reading()
	var err error
	if s.frame, err = readFrame(s.in, s.frame, s.Max); err != nil {
		if errors.Is(err, ErrTooLong) {
			s.progress.Writing()
			_, _ = s.Write(AppendFrame(nil, failure(err.Error())))
		}
		return err
	}
	begin := time.Now()
	s.progress.Working()
	// What is in flight is finished: an exchange has deadlines of its own.
	err = s.Do(context.WithoutCancel(ctx), func(upstream io.ReadWriter) error {
		if _, err := upstream.Write(s.frame); err != nil {
			return err
		}
		s.answer, err = readFrame(upstream, s.answer, s.Max)
		return err
	})
	if err != nil {
		s.answer = AppendFrame(s.answer[:0], failure(err.Error()))
	}
	s.progress.Writing()
	if _, err := s.Write(s.answer); err != nil {
		return err
	}
	s.answered = true
	s.progress.Answered(time.Since(begin))
	return nil
}

// readFrame reads a frame with its header into b, which it makes larger where needed.
func readFrame(from io.Reader, b []byte, most int) ([]byte, error) {
	b = append(b[:0], make([]byte, FrameHeader)...)
	if _, err := io.ReadFull(from, b); err != nil {
		return b, err
	}
	size := uint64(binary.BigEndian.Uint32(b))
	if size > uint64(max(most, 0)) {
		return b, fmt.Errorf("frame of %d bytes is longer than %d: %w", size, most, ErrTooLong)
	}
	// In steps, so that a length alone costs no memory.
	for whole := FrameHeader + int(size); len(b) < whole; {
		from0 := len(b)
		b = append(b, make([]byte, min(whole-from0, mediumBuffer))...)
		if _, err := io.ReadFull(from, b[from0:]); err != nil {
			return b, err
		}
	}
	return b, nil
}

// silent is the Progress of a connection that nobody counts.
type silent struct{}

func (silent) Waiting()               {}
func (silent) Reading()               {}
func (silent) Working()               {}
func (silent) Writing()               {}
func (silent) Answered(time.Duration) {}
