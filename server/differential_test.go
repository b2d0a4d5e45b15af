package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
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

// outcome is what a stream comes to.
type outcome struct {
	answers  string
	reason   string
	messages uint64
	in, out  uint64
}

// endings is a log that knows how each connection has ended, by its client.
type endings struct {
	slog.Handler
	mu  sync.Mutex
	new *sync.Cond
	of  map[string]outcome
}

func newEndings() *endings {
	e := &endings{Handler: slog.DiscardHandler, of: map[string]outcome{}}
	e.new = sync.NewCond(&e.mu)
	return e
}

func (e *endings) Enabled(context.Context, slog.Level) bool { return true }

func (e *endings) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "a connection has ended" {
		return nil
	}
	var remote string
	var o outcome
	r.Attrs(func(a slog.Attr) bool {
		for _, of := range a.Value.Resolve().Group() {
			switch of.Key {
			case "remote":
				remote = of.Value.String()
			case "reason":
				o.reason = of.Value.String()
			case "messages":
				o.messages = of.Value.Uint64()
			case "bytes-in":
				o.in = of.Value.Uint64()
			case "bytes-out":
				o.out = of.Value.Uint64()
			}
		}
		return true
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.of[remote] = o
	e.new.Broadcast()
	return nil
}

// take waits for the end of one of these clients.
func (e *endings) take(clients ...string) outcome {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		for _, c := range clients {
			if o, ok := e.of[c]; ok {
				delete(e.of, c)
				return o
			}
		}
		e.new.Wait()
	}
}

// twins are two servers that differ in their engine only.
type twins struct {
	rooms [2]*room
	ends  [2]*endings
}

func newTwins(t *testing.T, config Config) *twins {
	t.Helper()
	w := &twins{}
	for i, engine := range []Engine{Goroutines, Loops} {
		config.Engine = engine
		r := open(t, config)
		w.ends[i] = newEndings()
		r.config.Log = slog.New(w.ends[i])
		if err := r.Reload(r.config); err != nil {
			t.Fatal(err)
		}
		w.rooms[i] = r
	}
	return w
}

// play has one of the twins see a script.
func (w *twins) play(i int, s script) (outcome, error) {
	expected, _ := modelOf(s) // before the server waits for it
	rest := append([]byte(s.header), s.text...)
	c, err := net.DialTimeout("tcp", w.rooms[i].addr, patience)
	if err != nil {
		return outcome{}, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	tcp, _ := c.(*net.TCPConn)
	if s.slow {
		_ = tcp.SetReadBuffer(4 << 10)
	}
	var answers bytes.Buffer
	all := make(chan error, 1)
	read := func() {
		_, err := io.Copy(&answers, tcp)
		all <- err
	}
	switch {
	case s.end == resets:
		read = func() {
			_, err := io.CopyN(&answers, tcp, int64(len(expected)))
			all <- err
		}
		go read()
	case s.end != resetsEarly && s.end != takesNothing && !s.slow:
		go read()
	}
	for _, n := range s.pieces {
		n = min(n, len(rest))
		if _, err := tcp.Write(rest[:n]); err != nil { // the server has ended it
			break
		}
		rest = rest[n:]
	}
	_, _ = tcp.Write(rest)
	switch s.end {
	case halfCloses:
		_ = tcp.CloseWrite()
	case resetsEarly:
		_ = tcp.SetLinger(0)
		_ = tcp.Close()
	}
	if s.slow && s.end != takesNothing {
		go read()
	}
	if s.end != resetsEarly && s.end != takesNothing {
		err := <-all
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return outcome{}, fmt.Errorf("after %d of %d bytes of answers: %w", answers.Len(), len(expected), err)
		}
	}
	if s.end == resets {
		_ = tcp.SetLinger(0)
		_ = tcp.Close()
	}
	o := w.ends[i].take(c.LocalAddr().String(), s.remote)
	o.answers = answers.String()
	return o, nil
}

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

// differentialStreams is how many streams are played: TCPTUNE_DIFFERENTIAL says another number.
func differentialStreams(few int) int {
	if n, err := strconv.Atoi(os.Getenv("TCPTUNE_DIFFERENTIAL")); err == nil {
		return n
	}
	if testing.Short() {
		return few / 10
	}
	return few
}

// stalledStreams is how many of them stall.
const stalledStreams = 20

func behindProxy() Config {
	return Config{Handler: Messages(odd{oddMost}), ProxyFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
}

// TestBothEnginesAnswerAlike has both see the same random streams, cut into the same pieces.
func TestBothEnginesAnswerAlike(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	streams := differentialStreams(1000)
	plain := newTwins(t, Config{Handler: Messages(odd{oddMost})})
	proxied := newTwins(t, behindProxy())
	stalling := newTwins(t, impatient())
	var workers sync.WaitGroup
	const players = 8
	for p := range players {
		workers.Go(func() {
			for number := p; number < streams && !t.Failed(); number += players {
				r := rand.New(rand.NewPCG(seed, uint64(number)))
				w := plain
				if number%3 == 0 {
					w = proxied
				}
				s := randomScript(r, number, w == proxied)
				if number%max(streams/stalledStreams, 2) == 1 { // few, since each takes a second
					w, s.header, s.remote, s.slow, s.end = stalling, "", "", false, stalls
				}
				w.compare(t, fmt.Sprintf("stream %d of seed %d", number, seed), s)
			}
		})
	}
	workers.Wait()
}

// compare has both twins see a script, and holds the outcomes against each other and the model.
func (w *twins) compare(t *testing.T, name string, s script) {
	var got [2]outcome
	for i := range got {
		var err error
		if got[i], err = w.play(i, s); err != nil {
			t.Errorf("%s, engine %d: %v; %.300q", name, i, err, s.text)
			return
		}
	}
	answers, why := modelOf(s)
	if s.end == resetsEarly {
		for i, o := range got { // how far it came is a matter of luck
			if o.reason != Broken.String() && o.reason != ClientClosed.String() && o.reason != why {
				t.Errorf("%s, engine %d: ended for %s; %.300q", name, i, o.reason, s.text)
			}
		}
		return
	}
	if s.end == takesNothing {
		if got[0].reason != SlowWrite.String() || got[1].reason != SlowWrite.String() {
			t.Errorf("%s: ended for %s and %s, want %s", name, got[0].reason, got[1].reason, SlowWrite)
		}
		return
	}
	if why == "" {
		why = map[farewell]Reason{halfCloses: ClientClosed, resets: Broken, stalls: SlowRead}[s.end].String()
		if s.end == stalls && (len(s.text) == 0 || s.text[len(s.text)-1] == '\n') {
			why = Idle.String()
		}
	}
	for i, o := range got {
		switch {
		case o.reason != why:
			t.Errorf("%s, engine %d: ended for %q, want %q; %.300q", name, i, o.reason, why, s.text)
		case o.reason == Panicked.String(): // which resets the connection, and what is on its way
			if !strings.HasPrefix(answers, o.answers) {
				t.Errorf("%s, engine %d: %.300q is answered %.300q, want %.300q", name, i, s.text, o.answers, answers)
			}
		case o.answers != answers:
			t.Errorf("%s, engine %d: %.300q is answered %d bytes, %.300q, want %d, %.300q", name, i, s.text, len(o.answers), o.answers,
				len(answers), answers)
		case o.out != uint64(len(answers)) || why == ClientClosed.String() && o.in != uint64(len(s.text)):
			t.Errorf("%s, engine %d: counts %d bytes in and %d out, want %d and %d", name, i, o.in, o.out, len(s.text), len(answers))
		}
	}
	if got[0].messages != got[1].messages {
		t.Errorf("%s: %d and %d messages are counted", name, got[0].messages, got[1].messages)
	}
}

// impatient is a server on which streams end that stall.
func impatient() Config {
	return Config{Handler: Messages(odd{oddMost}), Limits: Limits{
		ReadTimeout: time.Second, IdleTimeout: time.Second, WriteTimeout: time.Second,
	}}
}

func TestBothEnginesEndWhoStallsForTheSameReason(t *testing.T) {
	t.Parallel()
	w := newTwins(t, impatient())
	var all sync.WaitGroup
	all.Go(func() {
		much := strings.Repeat(strings.Repeat("y", oddMost)+"\n", 4000)
		w.compare(t, "answers are not taken", script{text: []byte(much), end: takesNothing, slow: true})
	})
	for i, text := range []string{"", "half", "hello\n", "hello\nhalf", strings.Repeat("hello\n", 5000), strings.Repeat("y", oddMost)} {
		all.Go(func() { w.compare(t, fmt.Sprintf("stall %d", i), script{text: []byte(text), end: stalls}) })
	}
	all.Wait()
}

// FuzzBothEnginesAnswerAlike has both see any stream, in any pieces.
func FuzzBothEnginesAnswerAlike(f *testing.F) {
	f.Add([]byte("hello\n\nquiet\none\nhalf"), []byte{1, 5, 2}, uint8(0))
	f.Add([]byte("hello\npanic\nhello\n"), []byte{7}, uint8(1))
	f.Add([]byte("lie\n"), []byte{}, uint8(2))
	f.Add([]byte("bad\nhello\n"), []byte{4}, uint8(3))
	f.Add(bytes.Repeat([]byte("z"), oddMost+1), []byte{200, 200}, uint8(4))
	f.Add([]byte("hello\nhalf"), []byte{6}, uint8(8))
	f.Add(bytes.Repeat([]byte("hello\n"), 500), []byte{255, 255}, uint8(16))
	f.Fuzz(func(t *testing.T, text, cuts []byte, how uint8) {
		s := script{text: text, end: []farewell{halfCloses, resets, resetsEarly, halfCloses}[how%4], slow: how%4 == 3}
		config := behindProxy()
		switch {
		case how%8 == 4:
			s.header, s.remote = "PROXY TCP4 10.0.0.1 127.0.0.1 1000 80\r\n", "10.0.0.1:1000"
		case how == 8:
			config, s.end = impatient(), stalls
		default:
			config.ProxyFrom = nil
		}
		for _, n := range cuts[:min(len(cuts), 20)] {
			s.pieces = append(s.pieces, int(n)*int(n))
		}
		newTwins(t, config).compare(t, "stream", s)
	})
}
