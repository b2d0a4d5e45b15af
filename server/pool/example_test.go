package pool_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"

	"github.com/tcptune/tcptune/server/pool"
)

// An exchange is a request and its answer, on a connection that is used again afterwards.
func ExamplePool_Do() {
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer upstream.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		if c, err := upstream.Accept(); err == nil { // there is one only
			_, _ = io.Copy(c, c)
			_ = c.Close()
		}
	}()
	p, err := pool.New([]string{upstream.Addr().String()}, pool.Config{Max: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, question := range []string{"one", "two"} {
		err := p.Do(context.Background(), func(c *pool.Conn) error {
			if _, err := fmt.Fprintln(c, question); err != nil {
				return err
			}
			answer, err := bufio.NewReader(c).ReadString('\n')
			fmt.Print(answer)
			return err
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	st := p.Stats()[0]
	fmt.Println(st.Acquired, "exchanges,", st.Reused, "reused")
	p.Close()
	<-served
	// Output:
	// one
	// two
	// 2 exchanges, 1 reused
}
