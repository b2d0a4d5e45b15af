package sockdiag

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestAUnixSocketIsToldWithItsFileAndWhoWaits(t *testing.T) {
	p := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", p)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 2 {
		c, err := net.Dial("unix", p)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	d, err := net.ListenPacket("unixgram", p+".d")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	file := func(p string) uint32 {
		fi, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		return uint32(fi.Sys().(*syscall.Stat_t).Ino)
	}
	found := map[string]Unix{}
	if err := EachUnix(func(s Unix) { found[s.Path] = s }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []Unix{{p, file(p), true, 2}, {p + ".d", file(p + ".d"), false, 0}} {
		if got := found[want.Path]; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
