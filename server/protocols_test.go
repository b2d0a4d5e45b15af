package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// echo sends back what it gets.
type echo struct{}

func (echo) Handle(out, in []byte) (Step, error) {
	if len(out) == 0 {
		return Step{in, len(in), 1}, nil
	}
	return Step{append(out, in...), len(in), 1}, nil
}

// line answers each line of at most so many bytes with "echo: " and the line.
type line struct{ max int }

func (l line) Handle(out, in []byte) (Step, error) {
	step := Step{Out: out}
	for len(step.Out) < OutputChunk {
		text, _, whole := bytes.Cut(in[step.Consumed:], []byte("\n"))
		if len(bytes.TrimSuffix(text, []byte("\r"))) > l.max {
			step.Out = append(step.Out, "error: line is too long\n"...)
			return step, ErrTooLong
		}
		if !whole {
			break
		}
		step.Consumed += len(text) + 1
		step.Messages++
		step.Out = append(append(append(step.Out, "echo: "...), bytes.TrimSuffix(text, []byte("\r"))...), '\n')
	}
	return step, nil
}

func (line) Refusal() []byte { return []byte("error: busy\n") }

// frame answers each frame, 4 bytes of length and a payload of at most so many bytes, with the same.
type frame struct{ max int }

const (
	frameHeader  = 4
	frameTooLong = "too long"
)

func (f frame) Handle(out, in []byte) (Step, error) {
	step := Step{Out: out}
	for len(step.Out) < OutputChunk {
		rest := in[step.Consumed:]
		if len(rest) < frameHeader {
			return step, nil
		}
		whole := frameHeader + int(binary.BigEndian.Uint32(rest))
		if whole > frameHeader+f.max {
			step.Out = append(step.Out, framed(frameTooLong)...)
			return step, ErrTooLong
		}
		if len(rest) < whole {
			return step, nil
		}
		step.Out = append(step.Out, rest[:whole]...)
		step.Consumed += whole
		step.Messages++
	}
	return step, nil
}

func framed(payload string) string {
	return string(append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), payload...))
}

// streamFunc is a StreamHandler.
type streamFunc func(context.Context, net.Conn) error

func (f streamFunc) ServeConn(ctx context.Context, c net.Conn) error { return f(ctx, c) }

// streamedLines answers lines on a stream, and tells its progress.
func streamedLines(ctx context.Context, c net.Conn) error {
	progress, _ := c.(Progress)
	in := bufio.NewReaderSize(c, 100)
	for {
		progress.Waiting()
		_, err := in.Peek(1)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		progress.Reading()
		text, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			_, _ = io.WriteString(c, "error: line is too long\n")
			return ErrTooLong
		}
		if err != nil {
			return err
		}
		progress.Writing()
		if _, err := c.Write(append([]byte("echo: "), text...)); err != nil {
			return err
		}
		progress.Answered(time.Microsecond)
	}
}
