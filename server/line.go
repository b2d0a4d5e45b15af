package server

import "bytes"

// Line answers each line "TEXT\n", or "TEXT\r\n", with "echo: TEXT\n".
type Line struct {
	Max int // bytes of a line without its end
}

// Handle answers the whole lines at the beginning of in. A longer one than Max is told "error: …", and ends the
// connection with [ErrTooLong].
func (l Line) Handle(out, in []byte) (Step, error) {
	step := Step{Out: out}
	for len(step.Out) < OutputChunk {
		rest := in[step.Consumed:]
		n := bytes.IndexByte(rest[:min(len(rest), l.Max+2)], '\n')
		if n < 0 && len(rest) < l.Max+2 {
			return step, nil
		}
		if n >= 0 {
			step.Consumed += n + 1
		}
		line := bytes.TrimSuffix(rest[:max(n, 0)], []byte("\r"))
		if n < 0 || len(line) > l.Max {
			step.Out = append(step.Out, "error: line is too long\n"...)
			return step, ErrTooLong
		}
		step.Messages++
		step.Out = append(step.Out, "echo: "...)
		step.Out = append(step.Out, line...)
		step.Out = append(step.Out, '\n')
	}
	return step, nil
}

// Refusal is a line for a client that is not served.
func (Line) Refusal() []byte { return []byte("error: busy\n") }
