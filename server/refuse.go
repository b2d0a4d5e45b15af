package server

import (
	"io"
	"net"
	"time"
)

const (
	lingerTime  = time.Second
	lingerBytes = 64 << 10
	lingerMost  = 256 // connections that are closed this way at a time
)

// refuse closes a connection that is not served, so that its client learns why.
func (s *Server) refuse(c net.Conn, why Reason) {
	s.count.ended[why].Add(1)
	var words []byte
	if r, ok := s.settings.Load().refuser(); ok && s.config.TLS == nil {
		words = r.Refusal()
	}
	select {
	case s.lingering <- struct{}{}:
		s.running.Go(func() {
			linger(c, words)
			<-s.lingering
		})
	default:
		_ = c.Close()
	}
}

// linger closes a connection to a client that may still be sending. close(2) with bytes unread resets the connection, and
// a reset takes away what the client has not read yet.
func linger(c net.Conn, words []byte) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(lingerTime))
	if len(words) > 0 {
		if _, err := c.Write(words); err != nil {
			return
		}
	}
	if half, ok := c.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, c, lingerBytes)
	}
}
