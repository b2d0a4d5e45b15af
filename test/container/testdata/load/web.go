package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// keeping is how many clients keep their connection, and pace how long each pauses between two requests.
const (
	keeping = 200
	pace    = 50 * time.Millisecond
	// atOnce is how many new clients are on their way over TLS: a machine that carries fewer a second gets fewer.
	atOnce = 500
)

// web plays clients of both kinds.
func (t *tally) web(address string, perSecond int, length time.Duration, secret bool) {
	var all sync.WaitGroup
	begin := time.Now()
	end := begin.Add(length)
	defer func() { t.Seconds = time.Since(begin).Seconds() }()
	var over *tls.Config
	crowd := make(chan struct{}, atOnce)
	if secret {
		// What the certificate is is asked for elsewhere. Who comes again goes on from where it was, as browsers do; and the
		// key agreement is the cheapest, since the machine has to carry both ends.
		over = &tls.Config{
			InsecureSkipVerify: true, ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(1),
			CurvePreferences: []tls.CurveID{tls.X25519},
		}
	}
	for range keeping {
		all.Go(func() { t.keep(poster{address: address, over: over}, end) })
	}
	t.rate(perSecond, length, func(int) {
		if secret {
			crowd <- struct{}{}
			defer func() { <-crowd }()
		}
		one := poster{address: address, over: over}
		one.post(t)
		one.close()
	})
	all.Wait()
}

func (t *tally) keep(one poster, end time.Time) {
	defer one.close()
	for time.Now().Before(end) {
		if one.post(t) {
			t.mu.Lock()
			t.Kept++
			t.mu.Unlock()
		}
		time.Sleep(pace)
	}
}

// poster is a client of HTTP as they should be: it takes another connection when it was told that the answer is the last
// one, and looks whether its own has ended before it uses it again. It sends no request twice.
type poster struct {
	address string
	over    *tls.Config // nil: no TLS
	c       net.Conn    // of TCP
	on      net.Conn    // that, or TLS over it
	in      *bufio.Reader
}

const answer = `{"bytes":5,"ok":true}` + "\n"

func (p *poster) post(t *tally) (ok bool) {
	begin := time.Now()
	if p.c != nil && p.ended() {
		p.close()
	}
	fresh := p.c == nil
	if fresh {
		c, err := net.DialTimeout("tcp", p.address, patience)
		if err != nil {
			t.count(err, time.Since(begin), 0)
			return false
		}
		p.c, p.on = c, c
		if p.over != nil {
			p.on = tls.Client(c, p.over)
		}
		p.in = bufio.NewReader(p.on)
	}
	connect := time.Since(begin)
	begin = time.Now()
	last, err := p.exchange()
	t.count(err, connect, time.Since(begin))
	if over, ok := p.on.(*tls.Conn); ok && over.ConnectionState().DidResume && fresh {
		t.mu.Lock()
		t.Resumed++
		t.mu.Unlock()
	}
	if err != nil || last {
		p.close()
	}
	return err == nil
}

func (p *poster) exchange() (last bool, err error) {
	_ = p.c.SetDeadline(time.Now().Add(patience))
	r, err := http.NewRequest(http.MethodPost, "http://localhost/api/data", strings.NewReader("hello"))
	if err != nil {
		return false, err
	}
	if err := r.Write(p.on); err != nil {
		return false, err
	}
	a, err := http.ReadResponse(p.in, r)
	if err != nil {
		return false, err
	}
	body, err := io.ReadAll(a.Body)
	if err == nil && string(body) != answer {
		err = fmt.Errorf("%s: the answer is %q", a.Status, body)
	}
	return a.Close, err
}

// ended looks whether the server has closed the connection, and waits for nothing.
func (p *poster) ended() (ended bool) {
	raw, err := p.c.(syscall.Conn).SyscallConn()
	if err != nil {
		return true
	}
	_ = raw.Control(func(fd uintptr) {
		n, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		ended = n == 0 && !errors.Is(err, unix.EAGAIN)
	})
	return ended
}

func (p *poster) close() {
	if p.c != nil {
		_ = p.c.Close()
		p.c = nil
	}
}

func serial(address string) error {
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Println(c.ConnectionState().PeerCertificates[0].SerialNumber)
	return nil
}
