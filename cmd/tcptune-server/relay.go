package main

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

	"github.com/tcptune/tcptune/server"
	"github.com/tcptune/tcptune/server/pool"
)

// relaying sends each frame to an upstream, and the frame that comes back to the client: one at a time on a connection,
// so that answers keep the order of the questions. Where that fails, the answer is {"ok":false,"error":…} in a frame,
// and the connection goes on.
type relaying struct {
	max int // bytes of a payload, either way
	// do makes one exchange with an upstream, as pool.Pool does: exchange is given a connection, and may be called again
	// with another one as long as it could not send anything.
	do func(ctx context.Context, of question, exchange func(io.ReadWriter) error) error
}

// question is a frame that is relayed.
type question struct {
	client  string // its address
	payload []byte
}

const (
	readStep  = 64 << 10 // how much memory a length alone may cost
	keptFrame = 4 << 10  // how much a connection may have for each of its buffers while it waits
)

// ServeConn relays the frames of one connection.
func (r relaying) ServeConn(ctx context.Context, c net.Conn) error {
	progress, ok := c.(server.Progress)
	if !ok {
		return fmt.Errorf("cannot relay on a %T: the server has not made it", c)
	}
	s := relayed{relaying: r, Conn: c, progress: progress, in: bufio.NewReaderSize(c, 4<<10)}
	s.client, _, _ = net.SplitHostPort(c.RemoteAddr().String())
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
func (relaying) Refusal() []byte { return frame{}.Refusal() }

// relayed is one connection of a relaying.
type relayed struct {
	relaying
	net.Conn
	progress server.Progress
	client   string // its address
	in       *bufio.Reader
	frame    []byte // the request with its header; kept for the next one
	answer   []byte
	held     int  // what the server was told
	full     bool // which had no room for it
}

// await waits for the first byte of a frame. more is false where the client has closed; where the server
// drains, the error is that of ctx.
func (s *relayed) await(ctx context.Context) (more bool, err error) {
	s.frame, s.answer = kept(s.frame), kept(s.answer)
	if err := s.holding(); err != nil {
		return false, err
	}
	if s.in.Buffered() > 0 {
		return true, nil
	}
	s.progress.Waiting()
	_, err = s.in.Peek(1)
	switch {
	case errors.Is(err, io.EOF):
		return false, nil
	case errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil:
		return false, ctx.Err()
	}
	return err == nil, err
}

// kept is a buffer that is kept for the next frame: none that costs much while nothing is in it.
func kept(b []byte) []byte {
	if cap(b) > keptFrame {
		return nil
	}
	return b[:0]
}

// holding tells the server what is held, beyond what each connection may have.
func (s *relayed) holding() error {
	most := max(cap(s.frame)+cap(s.answer)-2*keptFrame, 0)
	if most == s.held {
		return nil
	}
	s.held = most
	err := s.progress.Holding(most)
	s.full = s.full || err != nil
	return err
}

// relay reads a frame, and answers it.
func (s *relayed) relay(ctx context.Context) error {
	s.progress.Reading()
	var err error
	if err = s.readFrame(s.in, &s.frame); err != nil {
		if errors.Is(err, server.ErrTooLong) {
			s.progress.Writing()
			_, _ = s.Write(appendFrame(nil, failure(err.Error())))
		}
		return err
	}
	begin := time.Now()
	s.progress.Working()
	// What is in flight is finished: an exchange has deadlines of its own.
	err = s.do(context.WithoutCancel(ctx), question{s.client, s.frame[frameHeader:]}, func(upstream io.ReadWriter) error {
		if _, err := upstream.Write(s.frame); err != nil {
			return err
		}
		err := s.readFrame(upstream, &s.answer)
		if s.full || errors.Is(err, server.ErrTooLong) { // which is about the question, or about us
			return pool.Excuse(err)
		}
		return err
	})
	if s.full {
		return server.InputFull
	}
	if err != nil {
		s.answer = appendFrame(s.answer[:0], failure(err.Error()))
	}
	s.progress.Writing()
	if _, err := s.Write(s.answer); err != nil {
		return err
	}
	s.progress.Answered(time.Since(begin))
	return nil
}

// readFrame reads a frame with its header into b, which it makes larger where needed.
func (s *relayed) readFrame(from io.Reader, into *[]byte) error {
	b := append((*into)[:0], make([]byte, frameHeader)...)
	if _, err := io.ReadFull(from, b); err != nil {
		return err
	}
	size := uint64(binary.BigEndian.Uint32(b))
	if size > uint64(max(s.max, 0)) {
		return fmt.Errorf("frame of %d bytes is longer than %d: %w", size, s.max, server.ErrTooLong)
	}
	// In steps, so that a length alone costs no memory.
	for whole := frameHeader + int(size); len(b) < whole; {
		from0 := len(b)
		b = append(b, make([]byte, min(whole-from0, readStep))...)
		*into = b
		if err := s.holding(); err != nil {
			return err
		}
		if _, err := io.ReadFull(from, b[from0:]); err != nil {
			return err
		}
	}
	*into = b
	return nil
}
