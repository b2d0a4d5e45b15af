package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/server"
)

// nobody relays to upstreams that do not answer.
func nobody() relaying {
	return relaying{max: 100, do: func(context.Context, question, func(io.ReadWriter) error) error { return errors.ErrUnsupported }}
}

func framed(payload string) string { return string(appendFrame(nil, []byte(payload))) }

// ends reads to the end of a connection.
func ends(t *testing.T, c io.Reader, want string) {
	t.Helper()
	if got, err := io.ReadAll(c); err != nil || string(got) != want {
		t.Errorf("got %q (%v), want %q and then the end", got, err, want)
	}
}

func TestADrainOfRelayAnswersWhatIsInFlight(t *testing.T) {
	t.Parallel()
	s, at := serving(t, nobody())
	refusal := framed(`{"error":"unsupported operation","ok":false}`)
	idle, half, fresh := dial(t, at), dial(t, at), dial(t, at)
	talk(t, idle, framed("hello"), refusal)
	talk(t, half, framed("hello")+framed("hello")[:6], refusal)
	for reading := false; !reading; { // until half a frame is there
		for _, c := range s.Conns(3, server.ByAge) {
			reading = reading || c.State == "reading"
		}
	}
	drained := make(chan error, 1)
	go func() { drained <- s.Shutdown(t.Context()) }()
	for c, rest := range map[io.ReadWriter]string{
		idle: framed("hello again"), half: framed("hello")[6:], fresh: framed("my first words"),
	} {
		if _, err := io.WriteString(c, rest); err != nil {
			t.Error(err)
		}
		ends(t, c, refusal)
	}
	for _, c := range []io.Closer{idle, half, fresh} {
		_ = c.Close()
	}
	if err := <-drained; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if got := s.Stats().Ended[server.Drained]; got != 3 {
		t.Errorf("%d connections were drained, want 3", got)
	}
}

func TestRelayTellsThatAFrameIsTooLong(t *testing.T) {
	t.Parallel()
	_, at := serving(t, nobody())
	c := dial(t, at)
	if _, err := io.WriteString(c, framed(strings.Repeat("x", 101))[:frameHeader]+strings.Repeat("x", 1<<20)); err != nil {
		t.Fatal(err)
	}
	ends(t, c, framed(`{"error":"frame of 101 bytes is longer than 100: message is longer than the limit","ok":false}`))
}

func TestRelayHoldsNoMoreOfUnfinishedFramesThanItMay(t *testing.T) {
	t.Parallel()
	const size, most, clients = 1 << 20, 4 << 20, 20
	h := relaying{max: size, do: func(_ context.Context, _ question, exchange func(io.ReadWriter) error) error {
		return exchange(&bytes.Buffer{}) // which answers with the question
	}}
	s, at := serving(t, h)
	limits := server.DefaultLimits()
	limits.MaxInput = most
	if err := s.Reload(server.Config{Handler: h, Limits: limits}); err != nil {
		t.Fatal(err)
	}
	await := func(what string, said func(server.Stats) bool) {
		t.Helper()
		for end := time.Now().Add(patience); !said(s.Stats()); time.Sleep(time.Millisecond) {
			if st := s.Stats(); st.InputBytes > most || time.Now().After(end) {
				t.Fatalf("%s: not seen, %+v", what, st)
			}
		}
	}
	c := dial(t, at)
	message := framed(strings.Repeat("x", size))
	talk(t, c, message, message)
	await("one that waits holds nothing", func(st server.Stats) bool { return st.InputBytes == 0 })
	for range clients {
		half := dial(t, at)
		go func() { _, _ = io.WriteString(half, message[:size]) }()
	}
	await("those above the bound are closed", func(st server.Stats) bool {
		return st.Ended[server.InputFull] >= clients-most/size
	})
	talk(t, c, framed("hello"), framed("hello"))
}
