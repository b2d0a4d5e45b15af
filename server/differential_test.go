package server

import (
	"bytes"
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
	if s.slow {
		_ = tcp.SetReadBuffer(1 << 20) // or each 4 KB would wait for a probe of the kernel, five a second
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
		config := impatient()
		config.Limits.ReadTimeout, config.Limits.IdleTimeout = patience, patience // however long it takes to say that much
		newTwins(t, config).compare(t, "answers are not taken", script{text: []byte(much), end: takesNothing})
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
