package bench

import (
	"bytes"
	"encoding/binary"
)

// wire is a protocol: how a request looks and where its answer ends. It belongs to one worker.
type wire interface {
	// ask appends request n of c to buf.
	ask(buf []byte, c *conn, n uint64) []byte
	// take reads, from what has arrived, answers to the oldest requests of c, of which most are under way: how much of it was
	// used, and how many answers are whole. A kind says why the last of these is a failure, or, where none is whole, why
	// the connection is of no use any more.
	take(c *conn, in []byte, most int) (used, whole int, bad kind)
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

func (r *raw) ask(buf []byte, c *conn, n uint64) []byte { return append(buf, r.message(c, n)...) }

func (r *raw) take(c *conn, in []byte, most int) (used, whole int, bad kind) {
	for whole < most && used < len(in) {
		part := min(len(in)-used, len(r.want)-c.got)
		if !bytes.Equal(in[used:used+part], r.message(c, c.answered+uint64(whole))[c.got:c.got+part]) {
			if whole > 0 {
				return used, whole, none // the next call will say it
			}
			return used, 0, wrongAnswer
		}
		used += part
		if c.got += part; c.got == len(r.want) {
			c.got = 0
			whole++
		}
	}
	return used, whole, none
}

// bulk counts what comes in messages of one size.
type bulk struct{ size int }

func (*bulk) ask(buf []byte, _ *conn, _ uint64) []byte { return buf }

func (b *bulk) take(c *conn, in []byte, _ int) (used, whole int, bad kind) {
	c.got += len(in)
	whole = c.got / b.size
	c.got %= b.size
	return len(in), whole, none
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

func (l *lines) ask(buf []byte, c *conn, n uint64) []byte { return l.request.fill(buf, c, n) }

func (l *lines) take(c *conn, in []byte, _ int) (used, whole int, bad kind) {
	at := bytes.IndexByte(in, '\n')
	if at < 0 {
		l.about.keep(c, in)
		return len(in), 0, none
	}
	l.about.keep(c, in[:at])
	return at + 1, 1, l.about.judge(c)
}

// frames are four bytes of length, and so many bytes.
type frames struct {
	about   answers
	request template
}

const frameHeader = 4

func (f *frames) ask(buf []byte, c *conn, n uint64) []byte { return f.request.fill(buf, c, n) }

// take has the header in need, byte by byte, while got is below 4.
func (f *frames) take(c *conn, in []byte, _ int) (used, whole int, bad kind) {
	for ; c.got < frameHeader; c.got++ {
		if used == len(in) {
			return used, 0, none
		}
		c.need = c.need<<8 | int(in[used])
		used++
	}
	if c.need > MaxSize {
		return used, 0, malformed
	}
	part := in[used:min(len(in), used+c.need-(c.got-frameHeader))]
	f.about.keep(c, part)
	c.got += len(part)
	used += len(part)
	if c.got-frameHeader < c.need {
		return used, 0, none
	}
	c.got, c.need = 0, 0
	return used, 1, f.about.judge(c)
}
