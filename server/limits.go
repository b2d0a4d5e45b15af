package server

import (
	"fmt"
	"time"
)

// Limits are what the clients of a server can use up. 0 stands for no limit, but for MaxConns and MaxOutput, which
// there always are. Times are kept to a quarter of the shortest one: no connection ends before its time.
type Limits struct {
	MaxConns     int           // connections that are served at a time, 1 at least
	Queue        int           // accepted connections that may wait for one of those to end; others are refused
	QueueTimeout time.Duration // how long they wait before they are refused

	AcceptRate  float64 // connections a second; beyond that, clients wait in the listen backlog
	AcceptBurst int     // connections that may come at once; 0: as many as in a second
	ClientRate  float64 // connections a second from one IPv4 address or one IPv6 /64; beyond that, they are refused
	ClientBurst int     // connections of one of those that may come at once; 0: as many as in a second

	// ClientConns is how many connections of one IPv4 address or one IPv6 /64 are served or wait at a time; others are
	// refused. Clients on the loopback or a Unix socket, and proxies that are trusted, may have any number.
	ClientConns int

	IdleTimeout  time.Duration // between messages
	ReadTimeout  time.Duration // from the first byte of a message to its last, and for a TLS handshake
	WriteTimeout time.Duration // since a client took the last byte of an answer that waits for it
	TotalTimeout time.Duration // for a whole connection, once it is served

	// MinRate is how many bytes a second a client takes at least of an answer that waits for it, over WriteTimeout or half
	// a minute, whichever is longer.
	MinRate float64

	// MaxOutput is the memory, in bytes, of all answers together that clients have not taken yet, with their buffers: at
	// least 32 KiB for each client that is slow, and over TLS for each that is being answered. Beyond it a connection
	// waits before it sends, and is not read from meanwhile; beyond twice as much, with those that wait, it is closed. It
	// is [OutputChunk] at least. A [StreamHandler] is not bounded by it.
	MaxOutput int64
	// MaxInput is the memory, in bytes, of all messages together that have begun and not arrived whole, with their
	// buffers: at least 16 KiB each. Beyond it the address (or IPv6 /64) that holds the most gives way: a connection of
	// its is closed. A [StreamHandler] is bounded by it as far as it says what it holds, see [Progress]; that of [NewHTTP]
	// does so for headers.
	MaxInput int64
}

// DefaultLimits are generous to clients, and protect a machine with 1 GiB of memory: 100,000 connections, of which one client
// may have half, and 1,024 that wait for 5 s, 5 min between messages, 30 s for a message and for a
// client that takes nothing of its answer, at least 1,000 bytes a second of it, 256 MiB of answers, as much
// of unfinished messages, no rates.
func DefaultLimits() Limits {
	return Limits{
		MaxConns: 100_000, Queue: 1024, QueueTimeout: 5 * time.Second, ClientConns: 50_000,
		IdleTimeout: 5 * time.Minute, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		MinRate: 1000, MaxOutput: 256 << 20, MaxInput: 256 << 20,
	}
}

// Validate returns an error that says which limit cannot be: one that is negative or no number, or MaxConns or
// MaxOutput below what is needed. [New] and [Server.Reload] return the same.
func (l Limits) Validate() error {
	switch {
	case l.MaxConns < 1:
		return fmt.Errorf("cannot serve at most %d connections: one is the least", l.MaxConns)
	case l.MaxOutput < OutputChunk:
		return fmt.Errorf("cannot bound answers to %d bytes: %d are needed for one", l.MaxOutput, OutputChunk)
	}
	for _, n := range []struct {
		name  string
		value float64
	}{
		{"queue", float64(l.Queue)},
		{"time in the queue", float64(l.QueueTimeout)},
		{"rate of accepting", l.AcceptRate},
		{"burst of accepting", float64(l.AcceptBurst)},
		{"rate of one client", l.ClientRate},
		{"burst of one client", float64(l.ClientBurst)},
		{"connections of one client", float64(l.ClientConns)},
		{"idle time", float64(l.IdleTimeout)},
		{"time for reading", float64(l.ReadTimeout)},
		{"time for writing", float64(l.WriteTimeout)},
		{"time in total", float64(l.TotalTimeout)},
		{"rate of taking answers", l.MinRate},
		{"memory of unfinished messages", float64(l.MaxInput)},
	} {
		if !(n.value >= 0) { // also no NaN
			return fmt.Errorf("cannot limit the %s to %v: it is negative, or no number", n.name, n.value)
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
