package server

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"
)

const (
	lingerTime  = time.Second
	lingerLook  = 50 * time.Millisecond // how often one that was refused looks whether the server still waits
	lingerChunk = 4 << 10
)

type closeWriter interface{ CloseWrite() error }

// refuse closes a connection that is not served, so that its client learns why.
func (s *Server) refuse(c *arrival, why Reason) {
	s.count.ended[why].Add(1)
	s.turnAway(c.socket())
}

// turnAway has the words for a client that is not served, where the protocol has any, and closes its connection.
func (s *Server) turnAway(c net.Conn) {
	now := s.settings.Load()
	if r, ok := now.Handler.(Refuser); ok && now.TLS == nil {
		_ = c.SetWriteDeadline(time.Now().Add(lingerTime)) // a socket that has sent nothing yet takes some words at once
		_, _ = c.Write(r.Refusal())
	}
	if s.lingering.Add(1) > int64(now.Linger) {
		s.lingering.Add(-1)
		_ = c.Close()
		return
	}
	s.running.Go(func() {
		s.linger(c, c, lingerLook)
		s.lingering.Add(-1)
	})
}

// linger closes a connection to a client that may still be sending; c is the socket or TLS over it. close(2) with bytes
// unread resets the connection, and a reset takes away what the client has not read yet. The end of a drain closes the
// sockets that are in the registry; others have to look for it.
func (s *Server) linger(c, socket net.Conn, look time.Duration) {
	defer socket.Close()
	if over, ok := c.(*tls.Conn); ok {
		_ = over.CloseWrite()
	}
	if half, ok := socket.(closeWriter); !ok || half.CloseWrite() != nil {
		return
	}
	unread := make([]byte, lingerChunk)
	for end := time.Now().Add(lingerTime); time.Now().Before(end); {
		select {
		case <-s.forced:
			return
		default:
		}
		_ = socket.SetReadDeadline(time.Now().Add(look))
		if _, err := socket.Read(unread); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
	}
}
