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
)

// relaying sends each frame to an upstream, and the frame that comes back to the client: one at a time on a connection,
// so that answers keep the order of the questions. Where that fails, the answer is {"ok":false,"error":…} in a frame,
// and the connection goes on.
type relaying struct {
	max int // bytes of a payload, either way
	// do makes one exchange with an upstream, as pool.Pool does: exchange is given a connection, and may be called again
	// with another one as long as it could not send anything.
	do func(ctx context.Context, exchange func(io.ReadWriter) error) error
}

// readStep is how much memory a length alone may cost.
const readStep = 64 << 10

// ServeConn relays the frames of one connection.
func (r relaying) ServeConn(ctx context.Context, c net.Conn) error {
	progress, ok := c.(server.Progress)
	if !ok {
		return fmt.Errorf("cannot relay on a %T: the server has not made it", c)
	}
	s := relayed{relaying: r, Conn: c, progress: progress, in: bufio.NewReaderSize(c, 4<<10)}
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
	in       *bufio.Reader
	frame    []byte // the request with its header; kept for the next one
	answer   []byte
}

// await waits for the first byte of a frame. more is false where the client has closed; where the server
// drains, the error is that of ctx.
func (s *relayed) await(ctx context.Context) (more bool, err error) {
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

// relay reads a frame, and answers it.
func (s *relayed) relay(ctx context.Context) error {
	s.progress.Reading()
	var err error
	if s.frame, err = readFrame(s.in, s.frame, s.max); err != nil {
		if errors.Is(err, server.ErrTooLong) {
			s.progress.Writing()
			_, _ = s.Write(appendFrame(nil, failure(err.Error())))
		}
		return err
	}
	begin := time.Now()
	s.progress.Working()
	// What is in flight is finished: an exchange has deadlines of its own.
	err = s.do(context.WithoutCancel(ctx), func(upstream io.ReadWriter) error {
		if _, err := upstream.Write(s.frame); err != nil {
			return err
		}
		s.answer, err = readFrame(upstream, s.answer, s.max)
		return err
	})
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
func readFrame(from io.Reader, b []byte, most int) ([]byte, error) {
	b = append(b[:0], make([]byte, frameHeader)...)
	if _, err := io.ReadFull(from, b); err != nil {
		return b, err
	}
	size := uint64(binary.BigEndian.Uint32(b))
	if size > uint64(max(most, 0)) {
		return b, fmt.Errorf("frame of %d bytes is longer than %d: %w", size, most, server.ErrTooLong)
	}
	// In steps, so that a length alone costs no memory.
	for whole := frameHeader + int(size); len(b) < whole; {
		from0 := len(b)
		b = append(b, make([]byte, min(whole-from0, readStep))...)
		if _, err := io.ReadFull(from, b[from0:]); err != nil {
			return b, err
		}
	}
	return b, nil
}
