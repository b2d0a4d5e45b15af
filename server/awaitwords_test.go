package server

import (
	"net"
	"testing"
	"time"
)

// A client that has connected and said nothing yet, while the server is replaced: it is served by the one that is there
// when it speaks, however much later that is, and the one that goes does not wait for it.
func TestWhoIsSilentDuringAHandOverIsServedByTheNext(t *testing.T) {
	t.Parallel()
	socket := listen(t) // as systemd holds it
	defer socket.Close()
	f, err := socket.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	next := func() *room {
		own, err := FileListener(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := own.AwaitWords(time.Minute); err != nil {
			t.Fatal(err)
		}
		return openOn(t, Config{}, own)
	}
	first := next()
	silent := first.dial()
	first.serves() // who came later: it would have accepted the silent one by now
	first.until("the other has gone", func(st Stats) bool { return st.Active == 0 })
	begin := time.Now()
	first.shutdown(time.Hour)
	if took := time.Since(begin); took > idleGrace {
		t.Errorf("it waits %v for who says nothing", took)
	}
	if st := first.Stats(); st.Accepted != 1 {
		t.Errorf("it has accepted %d, want the one that spoke", st.Accepted)
	}
	second := next()
	silent.ask("hello")
	if st := second.Stats(); st.Accepted != 1 {
		t.Errorf("the next one has accepted %d, want 1", st.Accepted)
	}
}
