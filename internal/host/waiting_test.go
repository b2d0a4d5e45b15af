package host

import (
	"net"
	"net/netip"
	"testing"
)

func TestWhoWaitsIsCountedAtTheSocketThatListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 3 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	rows, err := Host{}.ListeningSockets()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row.State != tcpListen {
			t.Errorf("%+v does not listen", row)
		}
		if row.Local == netip.MustParseAddrPort(l.Addr().String()) {
			if row.Waiting != 3 {
				t.Errorf("%d wait, want 3", row.Waiting)
			}
			return
		}
	}
	t.Error("the socket is not among them")
}
