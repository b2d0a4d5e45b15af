// Command load plays the clients of a server, and prints what became of them as JSON.
//
//	load rate PORT PER-SECOND TIME   a new connection for each question, so many a second
//	load tls PORT PER-SECOND TIME    the same over TLS, whatever the certificate
//	load web PORT PER-SECOND TIME    the same with POST of HTTP, and 200 clients that keep their connection
//	load webs PORT PER-SECOND TIME   the same over TLS
//	load serial PORT 0 0s            prints the serial number of the certificate
//	load hold PORT COUNT TIME        so many questions that take this long to arrive; "held" is printed once all have begun
package main

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// tally is what became of the clients.
type tally struct {
	mu             sync.Mutex
	tls            bool
	OK             int     `json:"ok"`
	Refused        int     `json:"refused"`
	Reset          int     `json:"reset"`
	TimedOut       int     `json:"timed_out"`
	Other          int     `json:"other"`
	Kept           int     `json:"kept"`    // answers to clients that keep their connection
	Said           string  `json:"said"`    // by one that failed
	Resumed        int     `json:"resumed"` // handshakes of TLS that went on from an earlier one
	Seconds        float64 `json:"seconds"` // that all of it took
	LongestConnect float64 `json:"longest_connect_ms"`
	LongestAnswer  float64 `json:"longest_answer_ms"`
}

// patience of a client.
const patience = 10 * time.Second

func (t *tally) count(err error, connect, answer time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.LongestConnect = max(t.LongestConnect, float64(connect.Microseconds())/1000)
	t.LongestAnswer = max(t.LongestAnswer, float64(answer.Microseconds())/1000)
	switch {
	case err == nil:
		t.OK++
		return
	case errors.Is(err, unix.ECONNREFUSED):
		t.Refused++
	case errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE):
		t.Reset++
	case os.IsTimeout(err):
		t.TimedOut++
	default:
		t.Other++
		t.Said = err.Error()
	}
	t.Said = cmp.Or(t.Said, err.Error())
}

func main() {
	if err := play(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func play(args []string) error {
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	length, err := time.ParseDuration(args[3])
	if err != nil {
		return err
	}
	var t tally
	switch address := "127.0.0.1:" + args[1]; args[0] {
	case "rate", "tls":
		t.tls = args[0] == "tls"
		t.rate(n, length, func(i int) { t.ask(address, strconv.Itoa(i), func() {}, 0) })
	case "web", "webs":
		t.web(address, n, length, args[0] == "webs")
	case "serial":
		return serial(address)
	case "hold":
		t.hold(address, n, length)
	default:
		return errors.New("unknown role")
	}
	return json.NewEncoder(os.Stdout).Encode(&t)
}

func (t *tally) rate(perSecond int, length time.Duration, ask func(i int)) {
	var all sync.WaitGroup
	begin := time.Now()
	for i := 0; ; i++ {
		due := begin.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
		if due.Sub(begin) >= length {
			break
		}
		time.Sleep(time.Until(due))
		all.Go(func() { ask(i) })
	}
	all.Wait()
}

func (t *tally) hold(address string, n int, length time.Duration) {
	var all, begun sync.WaitGroup
	begun.Add(n)
	for i := range n {
		all.Go(func() { t.ask(address, strconv.Itoa(i), sync.OnceFunc(begun.Done), length) })
	}
	begun.Wait()
	fmt.Println("held")
	all.Wait()
}

// ask makes a connection, asks one question and compares the answer. The question pauses in the middle.
func (t *tally) ask(address, text string, begun func(), pause time.Duration) {
	defer begun()
	begin := time.Now()
	c, err := net.DialTimeout("tcp", address, patience)
	connect := time.Since(begin)
	if err != nil {
		t.count(err, connect, 0)
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience + pause))
	if t.tls {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	begin = time.Now()
	if pause > 0 {
		if _, err := c.Write([]byte("is ")); err != nil {
			t.count(err, connect, 0)
			return
		}
		begun()
		time.Sleep(pause)
		begin = time.Now()
	}
	if _, err = c.Write([]byte(text + "\n")); err == nil {
		var line string
		line, err = bufio.NewReader(c).ReadString('\n')
		want := "echo: " + text + "\n"
		if pause > 0 {
			want = "echo: is " + text + "\n"
		}
		if err == nil && line != want {
			err = fmt.Errorf("the answer is %q", line)
		}
	}
	t.count(err, connect, time.Since(begin))
}
