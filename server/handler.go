package server

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// StreamHandler serves whole connections. It is called for all of them at once, each on a goroutine of its own, so it
// may wait. A panic ends its connection and is logged.
type StreamHandler interface {
	// ServeConn serves a connection until it ends. The server closes c afterwards. Deadlines are the handler's business,
	// but for [Limits.TotalTimeout] and what it does with [Progress], which c is.
	//
	// ctx ends when the server drains: then what is in flight is finished, and nothing new is begun. It ends as well when
	// the connection was closed because of a limit or by [Server.Close], and when ServeConn has returned. Its error is
	// [context.Canceled] then, its cause the [Reason], [Drained] for a drain.
	//
	// The error says why the connection has ended, for [Stats]: nil is [ClientClosed], the error of ctx is its cause,
	// [ErrTooLong] is [TooLong], one of [Endings] is itself, and any other error is [Broken].
	ServeConn(ctx context.Context, c net.Conn) error
}

// MessageHandler answers the messages of a protocol, see [Messages]. It is called for all connections at once, keeps
// nothing between calls, and must not wait: neither for a network nor for a lock that is held long. On [Loops] thousands of
// connections wait with it: [Stats] counts calls of more than 20 ms, and the log names the handler. One that has to wait,
// or computes for long, is right as a [StreamHandler].
type MessageHandler interface {
	// Handle looks at in, all that was received on a connection and not consumed yet, answers the messages at its
	// beginning and returns what it did. An error closes the connection after the answers are sent: [ErrTooLong] counts as
	// [TooLong], any other as [BadMessage].
	//
	// It may stop at any message, and is called again; it should stop once there are [OutputChunk] bytes of answers. What
	// it does not consume stays in memory, so it has to refuse a message above a limit of its own. Neither in nor out may
	// be kept.
	Handle(out, in []byte) (Step, error)
}

// Step is what a [MessageHandler] did.
type Step struct {
	// Out is the out of the call with the answers appended; where out was empty it may be a part of in instead.
	Out []byte
	// Consumed is how many bytes of in are done with. 0 asks for more than in has.
	Consumed int
	// Messages is how many messages those were.
	Messages int
}

// OutputChunk is how many bytes of answers a [MessageHandler] makes before they are sent.
const OutputChunk = 64 << 10

// ErrTooLong is what handlers return for a message above their limit.
var ErrTooLong = errors.New("message is longer than the limit")

// Messages makes a handler of connections of one that answers messages. The server drives such connections itself: one
// that waits has no buffer, and a message costs no allocation, no timer and no context.
//
// Another [StreamHandler] may decide which connections it gets: its ServeConn serves what the server has given, and
// returns an error for any other connection.
func Messages(h MessageHandler) StreamHandler { return messages{h} }

type messages struct{ MessageHandler }

func (m messages) ServeConn(_ context.Context, c net.Conn) error {
	s, ok := c.(stream)
	if !ok {
		return fmt.Errorf("cannot serve messages on a %T: the server has not made it", c)
	}
	s.enter(waiting)
	return s.serveMessages(m.MessageHandler)
}

// Refusal is that of the handler of messages, if it has one.
func (m messages) Refusal() []byte {
	if r, ok := m.MessageHandler.(Refuser); ok {
		return r.Refusal()
	}
	return nil
}

// Refuser is what a [MessageHandler] or a [StreamHandler] may be as well, to have words for a client that is not
// served.
type Refuser interface {
	// Refusal is sent to the client before its connection is closed, but not where it expects TLS. It must be short: what
	// the socket does not take at once, some KiB, is left out.
	Refusal() []byte
}
