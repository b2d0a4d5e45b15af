package server

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Another process that was passed the same socket may clear O_NONBLOCK at any time: a drain must not wait for a client.
func TestAcceptEndsAlthoughSomebodyMadeTheSocketBlock(t *testing.T) {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // as systemd opens it
	tcp, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	passed, err := tcp.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer passed.Close()
	l, err := FileListener(passed)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := unix.SetNonblock(int(passed.Fd()), false); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		ended <- err
	}()
	time.Sleep(20 * time.Millisecond) // it is likely to block by now; if it does not yet, the test is easier
	if err := l.SetDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it still blocks")
		if c, err := net.Dial("tcp", l.Addr().String()); err == nil { // let it go, or Close waits for it
			_ = c.Close()
			<-ended
		}
	}
}
