package server

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/pires/go-proxyproto"
)

// The PROXY protocol, https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt.
const (
	proxyV1Least = 15  // "PROXY UNKNOWN\r\n"
	proxyV1Most  = 107 // section 2.1
	proxyV2Fixed = 16  // before what is counted by the length, which is its end
	proxyV2Most  = 4 << 10
)

// isProxy tells whether a connection begins with a header of the PROXY protocol: that is a matter of where it comes
// from, and never guessed, section 5.
func (s *settings) isProxy(remote net.Addr) bool {
	tcp, ok := remote.(*net.TCPAddr)
	if !ok || len(s.ProxyFrom) == 0 {
		return false
	}
	ip, _ := netip.AddrFromSlice(tcp.IP)
	ip = ip.Unmap()
	for _, network := range s.ProxyFrom {
		if network.Contains(ip) {
			return true
		}
	}
	return false
}

// readProxy reads the header with which a proxy tells whose connection it is, and nothing beyond it. The address is nil
// where the proxy speaks for itself, as in its checks of health.
func readProxy(from io.Reader) (net.Addr, error) {
	text, err := proxyHeader(from)
	if err != nil {
		return nil, err
	}
	h, err := proxyproto.Read(bufio.NewReaderSize(bytes.NewReader(text), len(text)))
	if err != nil {
		return nil, err
	}
	source, _, ok := h.TCPAddrs()
	if h.Command.IsLocal() || !ok {
		return nil, nil //nolint:nilnil // nobody else's
	}
	return source, nil
}

// proxyHeader reads a whole header, however it is cut into segments.
func proxyHeader(from io.Reader) ([]byte, error) {
	b := make([]byte, proxyV1Least, proxyV1Most)
	if _, err := io.ReadFull(from, b); err != nil {
		return nil, err
	}
	more := func(n int) error {
		b = append(b, make([]byte, n)...)
		_, err := io.ReadFull(from, b[len(b)-n:])
		return err
	}
	if bytes.HasPrefix(b, proxyproto.SIGV2) {
		if err := more(proxyV2Fixed - len(b)); err != nil {
			return nil, err
		}
		rest := int(binary.BigEndian.Uint16(b[proxyV2Fixed-2:]))
		if rest > proxyV2Most {
			return nil, fmt.Errorf("header of the PROXY protocol of %d bytes", rest)
		}
		return b, more(rest)
	}
	for bytes.HasPrefix(b, proxyproto.SIGV1) && b[len(b)-1] != '\n' && len(b) < proxyV1Most {
		if err := more(1); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// introduce has a proxy tell who its client is, and asks the limits about that one.
func (s *Server) introduce(c *conn) Reason {
	if s.draining.Load() {
		c.wake()
	}
	remote, err := readProxy(c.socket)
	if err != nil {
		return c.why(s.unintroduced(err))
	}
	_ = c.SetReadDeadline(time.Time{})
	if remote == nil {
		return notEnded
	}
	client, _ := clientOf(remote)
	if why := s.admit(client); why != notEnded {
		return why
	}
	c.from = client
	c.proxied.Store(&remote)
	return notEnded
}

// unintroduced is what an error of readProxy means.
func (s *Server) unintroduced(err error) Reason {
	switch {
	case errors.Is(err, io.EOF): // as a look whether the port is open does
		return ClientClosed
	case s.draining.Load():
		return Drained
	}
	return BadProxy
}
