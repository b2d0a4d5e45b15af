package server

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/netip"
	"strings"
)

// odd is a protocol of lines in which everything happens that a handler may do. What it does depends on the stream, and
// not on how that is cut into pieces.
type odd struct{ max int }

func (o odd) Handle(out, in []byte) (Step, error) {
	step := Step{Out: out}
	for len(step.Out) < OutputChunk {
		text, _, whole := bytes.Cut(in[step.Consumed:], []byte("\n"))
		word := string(text)
		switch {
		case len(text) > o.max:
			step.Out = append(step.Out, "too long\n"...)
			return step, ErrTooLong
		case !whole:
			return step, nil
		case (word == "panic" || word == "lie") && step.Consumed > 0: // the answers before it are sent
			return step, nil
		case word == "panic":
			panic("odd")
		case word == "lie":
			return Step{Consumed: len(in) + 1}, nil
		}
		step.Consumed += len(text) + 1
		step.Messages++
		if word == "bad" {
			step.Out = append(step.Out, "error: bad\n"...)
			return step, errors.New("bad")
		}
		if word != "quiet" {
			step.Out = append(append(append(step.Out, "echo: "...), text...), '\n')
		}
		if word == "one" {
			return step, nil
		}
	}
	return step, nil
}

// script is what a client does on a stream.
type script struct {
	header string // of the PROXY protocol
	remote string // the client that it names; "": none
	text   []byte
	pieces []int
	end    farewell
	slow   bool // it reads only when all is sent
}

// farewell is how a script ends.
type farewell int

const (
	halfCloses   farewell = iota // and reads to the end
	resets                       // once it has its answers
	resetsEarly                  // whatever is on the way
	stalls                       // and waits for the server to close
	takesNothing                 // and waits for that as well
)

// modelOf is what a stream has to be answered, and the reason for which the server ends it; "" where it does not.
func modelOf(s script) (answers, reason string) {
	switch {
	case strings.HasPrefix(s.header, "NOT"):
		return "", BadProxy.String()
	}
	in, out := s.text, []byte(nil)
	for len(in) > 0 {
		if text, _, whole := bytes.Cut(in, []byte("\n")); whole && (string(text) == "panic" || string(text) == "lie") {
			return string(out), Panicked.String()
		}
		step, err := odd{oddMost}.Handle(nil, in)
		out = append(out, step.Out...)
		switch {
		case errors.Is(err, ErrTooLong):
			return string(out), TooLong.String()
		case err != nil:
			return string(out), BadMessage.String()
		case step.Consumed == 0:
			return string(out), ""
		}
		in = in[step.Consumed:]
	}
	return string(out), ""
}

const oddMost = 3000

// randomScript makes a stream; number is unique.
func randomScript(r *rand.Rand, number int, proxied bool) script {
	var s script
	if proxied {
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(number >> 16), byte(number >> 8), byte(number)}), 1000)
		s.remote = from.String()
		switch r.IntN(8) {
		case 0:
			s.header = "NOT a header, and long enough\r\n"
		case 1:
			s.header = v2(1, 0x11, string(from.Addr().AsSlice())+"\x7f\x00\x00\x01\x03\xe8\x00\x50")
		default:
			s.header = "PROXY TCP4 " + from.Addr().String() + " 127.0.0.1 1000 80\r\n"
		}
	}
	words := []string{"one", "quiet", "", "hello", strings.Repeat("x", 100), strings.Repeat("y", oddMost)}
	lines := r.IntN(20)
	if r.IntN(10) == 0 {
		lines = r.IntN(400)
	}
	for range lines {
		s.text = append(append(s.text, words[r.IntN(len(words))]...), '\n')
	}
	switch r.IntN(12) {
	case 0:
		s.text = append(s.text, "panic\n"...)
	case 1:
		s.text = append(s.text, "lie\n"...)
	case 2:
		s.text = append(s.text, "bad\n"...)
	case 3:
		s.text = append(s.text, strings.Repeat("z", oddMost+1)...)
	case 4, 5, 6:
		s.text = append(s.text, "half a li"...)
	}
	s.slow = r.IntN(4) == 0
	for range r.IntN(6) {
		s.pieces = append(s.pieces, 1+r.IntN(1+len(s.text)/2))
	}
	s.end = []farewell{halfCloses, halfCloses, resets, resetsEarly}[r.IntN(4)]
	if s.slow {
		s.end = halfCloses
	}
	return s
}
