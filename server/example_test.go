package server_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
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
	_, _ = io.WriteString(c, "hello\nworld\n")
	answers := bufio.NewScanner(c)
	for range 2 {
		answers.Scan()
		fmt.Println(answers.Text())
	}
	_ = c.Close() // or the drain waits some seconds for another word

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

// A certificate was renewed, or limits have changed: connections that are served go on.
func ExampleServer_Reload() {
	config := server.Config{Handler: server.Messages(upper{})}
	s, err := server.New(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	config.Limits = server.DefaultLimits()
	config.Limits.MaxConns = 10
	fmt.Println(s.Reload(config), s.Stats().MaxConns)
	config.Limits.MaxConns = 0
	fmt.Println(s.Reload(config))
	fmt.Println(s.Stats().MaxConns)
	// Output:
	// <nil> 10
	// cannot serve at most 0 connections: one is the least
	// 10
}

// A drain has a deadline, and then there is Close.
func ExampleServer_Shutdown() {
	s, err := server.New(server.Config{Handler: server.Messages(upper{})})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		fmt.Println("closing what is left:", err, s.Close())
	}
	fmt.Println("cut:", s.Stats().Ended[server.DrainTimeout])
	// Output: cut: 0
}

// A handler of package net/http, within the limits of this server.
func ExampleNewHTTP() {
	limits := server.DefaultLimits()
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	s, err := server.New(server.Config{Handler: server.NewHTTP(hello, limits), Limits: limits})
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
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	fmt.Println(answer.Status, string(text))
	fmt.Println(s.Close(), <-served)
	// Output:
	// 200 OK hello
	// <nil> the server is closed
}
