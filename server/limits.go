package server

import (
	"fmt"
	"time"
)

// Limits are what the clients of a server can use up. 0 stands for no limit, but for MaxConns and MaxOutput, which there
// always are.
type Limits struct {
	MaxConns     int           // connections that are served at a time
	Queue        int           // accepted connections that may wait for one of those to end
	QueueTimeout time.Duration // how long they wait before they are refused

	AcceptRate  float64 // connections a second; beyond that, clients wait in the listen backlog
	AcceptBurst int     // connections that may come at once; 0: as many as in a second
	ClientRate  float64 // connections a second from one IPv4 address or one IPv6 /64; beyond that, they are refused
	ClientBurst int

	IdleTimeout  time.Duration // between messages
	ReadTimeout  time.Duration // from the first byte of a message to its last, and for a TLS handshake
	WriteTimeout time.Duration // for a client to take an answer
	TotalTimeout time.Duration // for a whole connection, once it is served

	// MaxOutput is the memory, in bytes, of all answers together that clients have not taken yet, with their buffers: at
	// least 32 KiB for each client that is slow, and over TLS for each that is being answered. Beyond it a connection waits
	// before it sends, and is not read from meanwhile; beyond twice as much, with those that wait, it is closed.
	MaxOutput int64
}

// DefaultLimits are generous to clients, and protect a machine with 1 GiB of memory.
func DefaultLimits() Limits {
	return Limits{
		MaxConns: 100_000, Queue: 1024, QueueTimeout: 5 * time.Second,
		IdleTimeout: 5 * time.Minute, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		MaxOutput: 256 << 20,
	}
}

// Validate says what cannot be. The names are those of the flags of tcptune-server.
func (l Limits) Validate() error {
	switch {
	case l.MaxConns < 1:
		return fmt.Errorf("cannot use max-conns %d: at least one connection has to be served", l.MaxConns)
	case l.MaxOutput < OutputChunk:
		return fmt.Errorf("cannot use max-output %d: at least %d bytes are needed for one answer", l.MaxOutput, OutputChunk)
	}
	for _, n := range []struct {
		name  string
		value float64
	}{
		{"queue", float64(l.Queue)},
		{"queue-timeout", float64(l.QueueTimeout)},
		{"accept-rate", l.AcceptRate},
		{"accept-burst", float64(l.AcceptBurst)},
		{"client-rate", l.ClientRate},
		{"client-burst", float64(l.ClientBurst)},
		{"idle-timeout", float64(l.IdleTimeout)},
		{"read-timeout", float64(l.ReadTimeout)},
		{"write-timeout", float64(l.WriteTimeout)},
		{"total-timeout", float64(l.TotalTimeout)},
	} {
		if !(n.value >= 0) { // also no NaN
			return fmt.Errorf("cannot use a negative %s", n.name)
		}
	}
	return nil
}

// shortest is the shortest of the timeouts, 0 where there is none.
func (l Limits) shortest() (d time.Duration) {
	for _, t := range []time.Duration{l.IdleTimeout, l.ReadTimeout, l.WriteTimeout, l.TotalTimeout} {
		if t > 0 && (d == 0 || t < d) {
			d = t
		}
	}
	return d
}
