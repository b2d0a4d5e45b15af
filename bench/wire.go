package bench

import (
	"bytes"
	"encoding/binary"
)

// wire is a protocol: how a request looks and where its answer ends. It belongs to one worker.
type wire interface {
	// ask appends the next request of c to buf.
	ask(buf []byte, c *conn) []byte
	// take reads, from what has arrived, the answer to the oldest request of c: how much of it was used, and whether the
	// answer is whole. A kind says why it is no good; the connection is of no use then.
	take(c *conn, in []byte) (used int, whole bool, bad kind)
}

func newWire(o *Options) wire {
	switch o.Protocol {
	case Line:
		return &lines{about: answers{o.Expect}, request: lineOf(o)}
	case Frame:
		return &frames{about: answers{o.Expect}, request: frameOf(o)}
	case HTTP:
		return &httpWire{about: answers{o.Expect}, request: requestOf(o)}
	case Receive:
		return &bulk{size: o.Size}
	case Send, Raw, Talk, Connect:
	}
	return newRaw(o.Size)
}

// raw sends messages of which no two are the same, so that an answer that belongs to somebody else, or to an earlier
// message, is seen. It writes and compares them in one buffer that stays in the cache.
type raw struct{ want []byte }

func newRaw(size int) *raw {
	r := &raw{want: make([]byte, size)}
	for i := range r.want {
		r.want[i] = byte('a' + i%26)
	}
	return r
}

// message is number n of c. It is valid until the next call.
func (r *raw) message(c *conn, n uint64) []byte {
	if len(r.want) >= minStamp {
		binary.LittleEndian.PutUint64(r.want, uint64(c.id))
		binary.LittleEndian.PutUint64(r.want[8:], n)
	}
	return r.want
}

func (r *raw) ask(buf []byte, c *conn) []byte { return append(buf, r.message(c, c.asked)...) }

func (r *raw) take(c *conn, in []byte) (used int, whole bool, bad kind) {
	used = min(len(in), len(r.want)-c.got)
	if !bytes.Equal(in[:used], r.message(c, c.answered)[c.got:c.got+used]) {
		return 0, false, wrongAnswer
	}
	if c.got += used; c.got < len(r.want) {
		return used, false, none
	}
	c.got = 0
	return used, true, none
}

// bulk counts what comes in messages of one size.
type bulk struct{ size int }

func (*bulk) ask(buf []byte, _ *conn) []byte { return buf }

func (b *bulk) take(c *conn, in []byte) (used int, whole bool, bad kind) {
	used = min(len(in), b.size-c.got)
	if c.got += used; c.got < b.size {
		return used, false, none
	}
	c.got = 0
	return used, true, none
}

// answers judges what is in an answer.
type answers struct{ expect []byte }

// keep holds on to a part of an answer where somebody wants to look into it.
func (a answers) keep(c *conn, part []byte) {
	if len(a.expect) > 0 && len(c.hold)+len(part) <= mostHeld {
		c.hold = append(c.hold, part...)
	}
}

// judge looks into a whole answer and lets go of it.
func (a answers) judge(c *conn) kind {
	good := len(a.expect) == 0 || bytes.Contains(c.hold, a.expect)
	c.hold = c.hold[:0]
	if !good {
		return wrongAnswer
	}
	return none
}

// mostHeld bounds what is held of an answer.
const mostHeld = 1 << 20

// lines are requests and answers that end with a line feed.
type lines struct {
	about   answers
	request template
}

func (l *lines) ask(buf []byte, c *conn) []byte { return l.request.fill(buf, c) }

func (l *lines) take(c *conn, in []byte) (used int, whole bool, bad kind) {
	at := bytes.IndexByte(in, '\n')
	if at < 0 {
		l.about.keep(c, in)
		return len(in), false, none
	}
	l.about.keep(c, in[:at])
	return at + 1, true, l.about.judge(c)
}

// frames are four bytes of length, and so many bytes.
type frames struct {
	about   answers
	request template
}

const frameHeader = 4

func (f *frames) ask(buf []byte, c *conn) []byte { return f.request.fill(buf, c) }

// take has the header in need, byte by byte, while got is below 4.
func (f *frames) take(c *conn, in []byte) (used int, whole bool, bad kind) {
	for ; c.got < frameHeader; c.got++ {
		if used == len(in) {
			return used, false, none
		}
		c.need = c.need<<8 | int(in[used])
		used++
	}
	if c.need > MaxSize {
		return used, false, malformed
	}
	part := in[used:min(len(in), used+c.need-(c.got-frameHeader))]
	f.about.keep(c, part)
	c.got += len(part)
	used += len(part)
	if c.got-frameHeader < c.need {
		return used, false, none
	}
	c.got, c.need = 0, 0
	return used, true, f.about.judge(c)
}
