package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/server"
)

// shout answers each line in capitals.
type shout struct{}

func (shout) Handle(out, in []byte) (server.Step, error) {
	n := bytes.LastIndexByte(in, '\n') + 1 // what is whole
	if n == 0 && len(in) > 1024 {
		return server.Step{}, server.ErrTooLong
	}
	out = append(out, bytes.ToUpper(in[:n])...)
	return server.Step{Out: out, Consumed: n, Messages: bytes.Count(in[:n], []byte("\n"))}, nil
}

func serve(ctx context.Context, address string, ready func(net.Addr)) error {
	s, err := server.New(server.Config{Handler: server.Messages(shout{})})
	if err != nil {
		return err
	}
	l, err := server.Listen(ctx, address, net.KeepAliveConfig{})
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = s.Shutdown(context.WithoutCancel(ctx)) })
	ready(l.Addr())
	if err := s.Serve(l); !errors.Is(err, server.ErrServerClosed) {
		return err
	}
	return s.Shutdown(context.WithoutCancel(ctx)) // returns when the last answer is sent
}

// A service of one's own: a protocol, and a server that drains when ctx ends.
func Example_service() {
	ctx, stop := context.WithCancel(context.Background())
	fmt.Println(serve(ctx, "127.0.0.1:0", func(at net.Addr) {
		go func() {
			defer stop()
			if c, err := net.Dial("tcp", at.String()); err == nil {
				defer c.Close()
				_, _ = io.WriteString(c, "hello\nworld\n")
				answer := make([]byte, 12)
				_, _ = io.ReadFull(c, answer)
				fmt.Printf("%q\n", answer)
			}
		}()
	}))
	// Output:
	// "HELLO\nWORLD\n"
	// <nil>
}

func TestAServiceOfOnesOwnTakes25Lines(t *testing.T) {
	text, err := os.ReadFile("example_service_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, service, _ := strings.Cut(string(text), "\ntype shout")
	service, _, found := strings.Cut(service, "\n\n// A service of")
	lines := 0
	for line := range strings.Lines(service) {
		if strings.TrimSpace(line) != "" {
			lines++
		}
	}
	if !found || lines < 10 || lines > 25 {
		t.Errorf("it has %d lines", lines)
	}
}
