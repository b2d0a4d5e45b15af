package server_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/tcptune/tcptune/server"
)

// upper answers each line in capitals.
type upper struct{}

func (upper) Handle(out, in []byte) (server.Step, error) {
	step := server.Step{Out: out}
	for len(step.Out) < server.OutputChunk {
		line, _, whole := bytes.Cut(in[step.Consumed:], []byte("\n"))
		if !whole {
			break // the rest comes with more of it
		}
		step.Out = append(append(step.Out, bytes.ToUpper(line)...), '\n')
		step.Consumed += len(line) + 1
		step.Messages++
	}
	if step.Consumed == 0 && len(in) > 1024 {
		return step, server.ErrTooLong
	}
	return step, nil
}

// A TCP service is a Handler: bytes in, bytes out. The server does the rest.
func Example() {
	ctx := context.Background()
	s, err := server.New(server.Config{Handler: server.Messages(upper{}), Limits: server.DefaultLimits()})
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err := server.Listen(ctx, "127.0.0.1:0", net.KeepAliveConfig{Enable: true, Idle: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error)
	go func() { served <- s.Serve(l) }()

	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, "hello\nworld\n")
	answers := bufio.NewScanner(c)
	for range 2 {
		answers.Scan()
		fmt.Println(answers.Text())
	}

	drain, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	fmt.Println("drained:", s.Shutdown(drain))
	fmt.Println("served:", <-served)
	fmt.Println("messages:", s.Stats().Messages)
	// Output:
	// HELLO
	// WORLD
	// drained: <nil>
	// served: the server is closed
	// messages: 2
}

// countdown counts down to zero for each client, and may wait.
type countdown struct{ from int }

func (d countdown) ServeConn(ctx context.Context, c net.Conn) error {
	for i := d.from; i >= 0; i-- {
		if _, err := fmt.Fprintln(c, i); err != nil {
			return err
		}
		select {
		case <-ctx.Done(): // the server drains
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// A StreamHandler has a connection for itself.
func ExampleStreamHandler() {
	s, err := server.New(server.Config{Handler: countdown{from: 3}, Limits: server.DefaultLimits()})
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err := server.Listen(context.Background(), "127.0.0.1:0", net.KeepAliveConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error)
	go func() { served <- s.Serve(l) }()

	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	all, _ := io.ReadAll(c)
	fmt.Println(strings.Fields(string(all)))

	fmt.Println(s.Shutdown(context.Background()), <-served)
	// Output:
	// [3 2 1 0]
	// <nil> the server is closed
}

// A handler answers what is whole, and asks for more by consuming nothing.
func ExampleMessageHandler() {
	step, err := upper{}.Handle(nil, []byte("one\ntwo\nthr"))
	fmt.Printf("%q, %d bytes, %d messages, %v\n", step.Out, step.Consumed, step.Messages, err)
	step, err = upper{}.Handle(nil, []byte("thr"))
	fmt.Printf("%q, %d bytes, %d messages, %v\n", step.Out, step.Consumed, step.Messages, err)
	// Output:
	// "ONE\nTWO\n", 8 bytes, 2 messages, <nil>
	// "", 0 bytes, 0 messages, <nil>
}
