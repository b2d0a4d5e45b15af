package server

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
)

func TestAReloadHoldsForNewConnectionsAndLeavesTheOthersTheirs(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	before := r.dial()
	before.ask("hello")
	config, trust := secure(t, r.config)
	config.Handler = Messages(echo{})
	if err := r.Reload(config); err != nil {
		t.Fatal(err)
	}
	after := r.dialTLS(trust)
	after.say("hello")
	after.hears("hello")
	before.ask("still a line, in plain text")
}

func TestAllLimitsZeroStandForTheDefaults(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Handler: Messages(echo{})})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.settings.Load().Limits, DefaultLimits(); got != want {
		t.Errorf("the limits are %+v, want %+v", got, want)
	}
}

func TestAStreamHandlerMayPassItsConnectionOnToMessages(t *testing.T) {
	t.Parallel()
	lines := Messages(line{100})
	r := open(t, Config{Handler: streamFunc(func(ctx context.Context, c net.Conn) error {
		if c.RemoteAddr().(*net.TCPAddr).IP.String() == "127.0.0.2" {
			return errors.New("not for you")
		}
		return lines.ServeConn(ctx, c)
	})})
	welcome, other := r.dial(), r.dialFrom(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)})
	other.ends("")
	r.ended(Broken, 1)
	welcome.ask("hello")
	done := r.drain(patience)
	welcome.say("hello again\n")
	welcome.ends("echo: hello again\n")
	if cut := <-done; cut != 0 {
		t.Errorf("%d were cut", cut)
	}
	if got := r.Stats().Ended[Drained]; got != 1 {
		t.Errorf("%d were drained, want 1", got)
	}
}

func TestMessagesServeNoConnectionThatTheServerHasNotMade(t *testing.T) {
	t.Parallel()
	c, other := net.Pipe()
	defer c.Close()
	defer other.Close()
	if err := Messages(echo{}).ServeConn(t.Context(), c); err == nil || !strings.Contains(err.Error(), "net.pipe") {
		t.Errorf("got %v", err)
	}
}

func TestTheErrorOfAStreamHandlerSaysWhyItsConnectionHasEnded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err error
		why Reason
	}{
		{nil, ClientClosed},
		{ErrTooLong, TooLong},
		{SlowRead, SlowRead},
		{&net.OpError{Op: "read", Err: Idle}, Idle},
		{os.ErrDeadlineExceeded, Broken},
		{context.Canceled, Broken}, // of another context
		{QueueFull, Broken},        // it was not refused
		{reasons, Broken},
		{notEnded, Broken},
	} {
		r := open(t, Config{Handler: streamFunc(func(context.Context, net.Conn) error { return tt.err })})
		r.dial().ends("")
		r.ended(tt.why, 1)
	}
}
