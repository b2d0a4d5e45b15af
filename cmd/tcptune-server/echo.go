package main

import "github.com/tcptune/tcptune/server"

// echo sends back what it gets.
type echo struct{}

// Handle answers each arrival as one message, with the very bytes.
func (echo) Handle(out, in []byte) (server.Step, error) {
	if len(out) == 0 {
		return server.Step{Out: in, Consumed: len(in), Messages: 1}, nil
	}
	return server.Step{Out: append(out, in...), Consumed: len(in), Messages: 1}, nil
}

// discard takes what it gets, and answers nothing (RFC 863).
type discard struct{}

// Handle takes each arrival as one message.
func (discard) Handle(out, in []byte) (server.Step, error) {
	return server.Step{Out: out, Consumed: len(in), Messages: 1}, nil
}
