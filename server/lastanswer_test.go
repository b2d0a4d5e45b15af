package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// hasEnded looks whether the server has ended the connection, as a client does before it uses one again. It waits for
// nothing.
func (c *client) hasEnded() bool {
	raw, err := c.Conn.(syscall.Conn).SyscallConn()
	if err != nil {
		c.t.Error(err)
		return true
	}
	n, errRead := 0, error(nil)
	if err := raw.Control(func(fd uintptr) {
		n, _, errRead = unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	}); err != nil {
		c.t.Error(err)
	}
	return c.in.Buffered() == 0 && n == 0 && !errors.Is(errRead, unix.EAGAIN)
}

// The end comes with the last answer: who looks at the connection before it is used again loses nothing.
func TestTheEndComesInThePacketOfTheLastAnswer(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]StreamHandler{
		"messages": Messages(line{1 << 10}), "a stream": streamFunc(streamedLines),
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, Config{Handler: handler})
			all := r.full(100)
			done := r.drain(patience)
			for _, c := range all {
				c.ask("hello")
				if !c.hasEnded() {
					t.Fatal("there is a time in which the client has the last answer, and does not know that it is")
				}
			}
			<-done
			r.ended(Drained, 100)
		})
	}
}

// Clients ask as fast as they can when the drain comes, each once more when it has its answer and the connection has not
// ended. Every question is answered.
func TestADrainUnderLoadLosesNoQuestion(t *testing.T) {
	t.Parallel()
	const clients, rounds = 50, 5
	for name, of := range map[string]struct {
		handler StreamHandler
		ask     func(*client, string) (last bool, err error)
	}{
		"messages": {Messages(line{1 << 10}), (*client).askLine},
		"a stream": {streamFunc(streamedLines), (*client).askLine},
		"HTTP": {NewHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(w, r.Body)
		}), DefaultLimits()), (*client).post},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range rounds {
				r := open(t, Config{Handler: of.handler})
				var answers atomic.Int64
				var all sync.WaitGroup
				for range clients {
					c := r.dial()
					all.Go(func() {
						defer c.close()
						for i := 0; ; i++ {
							last, err := of.ask(c, fmt.Sprintf("question %d", i))
							if err != nil {
								t.Errorf("question %d: %v", i, err)
							}
							if err != nil || last {
								return
							}
							answers.Add(1)
						}
					})
				}
				r.until("they are at it", func(Stats) bool { return answers.Load() > 20*clients })
				if cut := <-r.drain(patience); cut != 0 {
					t.Errorf("%d were cut", cut)
				}
				all.Wait()
				r.until("all have ended", func(st Stats) bool { return st.Ended[Drained]+st.Ended[ClientClosed] == clients })
			}
		})
	}
}

func (c *client) askLine(question string) (last bool, err error) {
	if _, err := io.WriteString(c, question+"\n"); err != nil {
		return false, err
	}
	answer, err := c.in.ReadString('\n')
	if err == nil && answer != "echo: "+question+"\n" {
		err = fmt.Errorf("the answer is %q", answer)
	}
	return err == nil && c.hasEnded(), err
}

func (c *client) post(question string) (last bool, err error) {
	r, err := http.NewRequest(http.MethodPost, "http://test/", strings.NewReader(question))
	if err != nil {
		return false, err
	}
	if err := r.Write(c); err != nil {
		return false, err
	}
	answer, err := http.ReadResponse(c.in, r)
	if err != nil {
		return false, err
	}
	body, err := io.ReadAll(answer.Body)
	if err == nil && string(body) != question {
		err = fmt.Errorf("the answer is %q", body)
	}
	return answer.Close, err
}

func TestWhoComesWhileAnIdleConnectionIsKeptIsServed(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	idle := r.dial()
	idle.ask("hello")
	done := r.drain(patience)
	for range 3 {
		late := r.dial()
		late.say("hello\n")
		late.ends("echo: hello\n")
	}
	idle.say("hello\n")
	idle.ends("echo: hello\n")
	<-done
	r.ended(Drained, 4)
}

// A handler that says nothing of what it does gets its context ended, and no deadline.
func TestAStreamWithoutProgressIsToldByItsContext(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Handler: streamFunc(func(ctx context.Context, c net.Conn) error {
		<-ctx.Done()
		_, err := bufio.NewWriter(c).WriteString("")
		return errors.Join(err, context.Cause(ctx))
	})})
	c := r.dial()
	r.until("it is served", func(st Stats) bool { return st.Active == 1 })
	done := r.drain(patience)
	c.ends("")
	<-done
	r.ended(Drained, 1)
}
