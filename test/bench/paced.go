package main

import (
	"io"
	"net"
	"time"
)

// pacedCapacity is how many messages a paced server answers a second: much less than what a busy machine can do.
const pacedCapacity = 5000

// mostCatchingUp is how far a paced server may be behind its own clock and still catch up: as far as a busy machine holds it up,
// and much less than a second that it stands still, which is lost.
const mostCatchingUp = 50 * time.Millisecond

// pace lets something happen at most so often.
type pace struct {
	each time.Duration
	next time.Time
}

// wait is how long the next one has to wait, which is then taken as done.
func (p *pace) wait(now time.Time) time.Duration {
	if now.Sub(p.next) > mostCatchingUp {
		p.next = now
	}
	wait := p.next.Sub(now)
	p.next = p.next.Add(p.each)
	return max(0, wait)
}

// message is what has arrived, and where its answer goes to.
type message struct {
	from net.Conn
	text [messageSize]byte
}

// bePaced is an echo server whose capacity is known, since it is its own: all connections wait in one line, and the first of it is
// answered when its time has come.
func bePaced() error {
	l, err := net.Listen("tcp", echoAddress.String())
	if err != nil {
		return err
	}
	line := make(chan message, pacedCapacity)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(line)
				return
			}
			go func() {
				defer c.Close()
				m := message{from: c}
				for {
					if _, err := io.ReadFull(c, m.text[:]); err != nil {
						return
					}
					line <- m
				}
			}()
		}
	}()
	p := pace{each: time.Second / pacedCapacity}
	for m := range line {
		time.Sleep(p.wait(time.Now()))
		_, _ = m.from.Write(m.text[:]) // a client that has gone wants no answer
	}
	return nil
}
