package sockdiag

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The socket of the cookie is closed, whoever has it, and none of another cookie.
func TestASocketIsDestroyedByItsCookie(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to close connections needs root")
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request := Request(unix.AF_INET, 1<<Established)
	err = Dump(request, func(m []byte) {
		if int(binary.BigEndian.Uint16(m[4:])) == c.LocalAddr().(*net.TCPAddr).Port {
			copy(request[8:], m[4:52]) // struct inet_diag_sockid
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	request[48]++ // the cookie of another one
	if err := Destroy(request); !errors.Is(err, syscall.ENOENT) && !errors.Is(err, syscall.ESTALE) {
		t.Fatalf("another cookie: %v", err)
	}
	request[48]--
	if err := Destroy(request); errors.Is(err, syscall.EOPNOTSUPP) {
		t.Skip("this kernel closes no connection of others")
	} else if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNABORTED) {
		t.Errorf("it reads on: %v", err)
	}
}
