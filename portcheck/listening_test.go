package portcheck

import (
	"net"
	"os"
	"slices"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
)

func TestListeningNamesTheProcessOfEachSocket(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	view, err := Open(host.Host{}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer view.Close()
	for _, r := range [][2]uint16{{1, AllPorts}, {port, port}} {
		all, err := view.Listening(t.Context(), r[0], r[1])
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(all, func(l Listening) bool { return l.Port() == port })
		if i < 0 || all[i].Pid != os.Getpid() || all[i].Name != "portcheck.test" || all[i].Why != "" {
			t.Errorf("ports %v: found %+v, want process %d", r, all, os.Getpid())
		}
		for _, other := range all {
			if (other.Pid == 0) != (other.Why != "") || other.Port() < r[0] || other.Port() > r[1] {
				t.Errorf("ports %v: %+v", r, other)
			}
		}
	}
	none, err := view.Listening(t.Context(), port+1, port+1)
	if err != nil || slices.ContainsFunc(none, func(l Listening) bool { return l.Pid == os.Getpid() }) {
		t.Errorf("found %+v: %v", none, err)
	}
}
