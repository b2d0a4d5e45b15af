package main

import (
	"bytes"

	"github.com/tcptune/tcptune/server"
)

// line answers each line "TEXT\n", or "TEXT\r\n", with "echo: TEXT\n".
type line struct {
	max int // bytes of a line without its end
}

// Handle answers the whole lines at the beginning of in. A longer one than max is told "error: …", and ends the
// connection with [server.ErrTooLong].
func (l line) Handle(out, in []byte) (server.Step, error) {
	step := server.Step{Out: out}
	for len(step.Out) < server.OutputChunk {
		rest := in[step.Consumed:]
		n := bytes.IndexByte(rest[:min(len(rest), l.max+2)], '\n')
		if n < 0 && len(rest) < l.max+2 {
			return step, nil
		}
		if n >= 0 {
			step.Consumed += n + 1
		}
		line := bytes.TrimSuffix(rest[:max(n, 0)], []byte("\r"))
		if n < 0 || len(line) > l.max {
			step.Out = append(step.Out, "error: line is too long\n"...)
			return step, server.ErrTooLong
		}
		step.Messages++
		step.Out = append(step.Out, "echo: "...)
		step.Out = append(step.Out, line...)
		step.Out = append(step.Out, '\n')
	}
	return step, nil
}

// Refusal is a line for a client that is not served.
func (line) Refusal() []byte { return []byte("error: busy\n") }
