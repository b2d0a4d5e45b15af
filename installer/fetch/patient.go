package fetch

import (
	"errors"
	"io"
	"time"
)

// leastRate is what a source must send, in bytes a second, on average over the patience that one has with it. A silent
// server and one that sends a byte now and then ("slow loris") fail alike; a modem of the last century passes.
const leastRate = 1 << 10

var errSlow = errors.New("it sends too slowly, or nothing any more")

// patient reads from a body, and closes it when it is too slow. Only the time inside Read counts: a slow disk at our
// end is not the fault of the source.
type patient struct {
	body     io.ReadCloser
	timer    *time.Timer
	patience time.Duration
	left     time.Duration // of the patience, until want bytes are there
	want     int64
	expired  chan struct{}
}

func newPatient(body io.ReadCloser, patience time.Duration) *patient {
	p := &patient{body: body, patience: patience, expired: make(chan struct{})}
	p.timer = time.AfterFunc(patience, func() {
		close(p.expired)
		_ = body.Close() // ends the Read that waits
	})
	p.timer.Stop()
	p.refill()
	return p
}

func (p *patient) refill() {
	p.left = p.patience
	p.want = max(1, int64(p.patience.Seconds()*leastRate))
}

func (p *patient) Read(b []byte) (int, error) {
	begin := time.Now()
	p.timer.Reset(p.left)
	n, err := p.body.Read(b)
	if !p.timer.Stop() {
		<-p.expired
		return n, errSlow
	}
	p.left -= time.Since(begin)
	p.want -= int64(n)
	switch {
	case err != nil:
		return n, err
	case p.want <= 0:
		p.refill()
	case p.left <= 0:
		return n, errSlow
	}
	return n, nil
}

// Close ends the watch and closes the body.
func (p *patient) Close() error {
	p.timer.Stop()
	return p.body.Close()
}
