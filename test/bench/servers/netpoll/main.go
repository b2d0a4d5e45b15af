// Command netpoll is the echo server of cloudwego/netpoll: an event loop, and a goroutine while a connection has input.
package main

import (
	"context"
	"log"
	"net"
	"os"

	"github.com/cloudwego/netpoll"
)

func main() {
	l, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	loop, err := netpoll.NewEventLoop(echo)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(loop.Serve(l))
}

func echo(_ context.Context, c netpoll.Connection) error {
	r, w := c.Reader(), c.Writer()
	n := r.Len()
	input, err := r.Next(n)
	if err != nil {
		return err
	}
	output, err := w.Malloc(n)
	if err != nil {
		return err
	}
	copy(output, input)
	if err := r.Release(); err != nil {
		return err
	}
	return w.Flush()
}
