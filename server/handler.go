package server

import (
	"context"
	"errors"
	"net"
)

// Handler answers the messages of a protocol. It is called for all connections at once, keeps nothing between calls, and
// must not wait: neither for a network nor for a lock that is held long.
type Handler interface {
	// Handle looks at in, all that was received on a connection and not consumed yet, answers the messages at its
	// beginning and returns what it did. An error closes the connection after the answers are sent.
	//
	// It may stop at any message, and is called again; it should stop once there are [OutputChunk] bytes of answers.
	// Neither in nor out may be kept.
	Handle(out, in []byte) (Step, error)
}

// Step is what a [Handler] did.
type Step struct {
	// Out is the out of the call with the answers appended; where out was empty it may be a part of in instead.
	Out []byte
	// Consumed is how many bytes of in are done with. 0 asks for more than in has.
	Consumed int
	// Messages is how many messages those were.
	Messages int
}

// OutputChunk is how many bytes of answers are made before they are sent.
const OutputChunk = 64 << 10

// StreamHandler serves whole connections. Each has a goroutine, so it may wait.
type StreamHandler interface {
	// ServeConn serves a connection until it ends. ctx ends when the server drains: then what is in flight is finished,
	// and nothing new is begun. The server closes c afterwards. Deadlines are the handler's business, but for
	// [Limits.TotalTimeout].
	ServeConn(ctx context.Context, c net.Conn) error
}

// Refuser is a [Handler] or a [StreamHandler] that has words for a client that cannot be served now.
type Refuser interface {
	// Refusal is sent to the client before its connection is closed. It must be short.
	Refusal() []byte
}

// ErrTooLong is returned by a [Handler] for a message above its limit.
var ErrTooLong = errors.New("message is longer than the limit")
