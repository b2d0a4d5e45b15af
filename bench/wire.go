package bench

import (
	"bytes"
	"encoding/binary"
)

// wire is a protocol: how a request looks and where its answer ends. It belongs to one worker.
type wire interface {
	// ask appends requests of c to buf, so many from n on.
	ask(buf []byte, c *conn, n uint64, count int) []byte
	// take reads, from what has arrived, answers to the oldest requests of c, of which most are under way: how much of it was
	// used, and how many answers are whole. A kind says why the last of these is a failure, or, where none is whole, why
	// the connection is of no use any more.
	take(c *conn, in []byte, most int) (used, whole int, bad kind)
}

func newWire(o *Options) wire {
	switch o.Protocol {
	case Line:
		request := lineOf(o)
		return &lines{expectOf(o, request), request}
	case Frame:
		request := frameOf(o)
		return &frames{expectOf(o, request), request}
	case HTTP:
		request := requestOf(o)
		return &httpWire{expectOf(o, request), request}
	case Receive:
		return &bulk{size: o.Size}
	case Send, Raw, Talk, Connect:
	}
	return newRaw(o.Size)
}

// raw sends messages of which no two are the same, so that an answer that belongs to somebody else, or to an earlier
// message, is seen. It writes and compares as many as are together in one block that stays in the cache.
type raw struct {
	size  int
	block []byte // of whole messages, which differ in their stamps
}

// mostBlock is how large a block is, unless a message is larger.
const mostBlock = 16 << 10

func newRaw(size int) *raw {
	r := &raw{size: size, block: make([]byte, size*max(1, mostBlock/size))}
	for i := range r.block {
		r.block[i] = byte('a' + i%size%26)
	}
	return r
}

// messages are some of c from number n on, no more than a block has. They are valid until the next call.
func (r *raw) messages(c *conn, n uint64, count int) []byte {
	part := r.block[:min(count*r.size, len(r.block))]
	if r.size >= minStamp {
		for at := 0; at < len(part); at += r.size {
			binary.LittleEndian.PutUint64(part[at:], uint64(c.id))
			binary.LittleEndian.PutUint64(part[at+8:], n)
			n++
		}
	}
	return part
}

func (r *raw) ask(buf []byte, c *conn, n uint64, count int) []byte {
	for count > 0 {
		part := r.messages(c, n, count)
		buf = append(buf, part...)
		n, count = n+uint64(len(part)/r.size), count-len(part)/r.size
	}
	return buf
}

func (r *raw) take(c *conn, in []byte, most int) (used, whole int, bad kind) {
	for whole < most && used < len(in) {
		here := (c.got + len(in) - used + r.size - 1) / r.size
		want := r.messages(c, c.answered+uint64(whole), min(here, most-whole))[c.got:]
		part := in[used:min(len(in), used+len(want))]
		if !bytes.Equal(part, want[:len(part)]) {
			good := (c.got + agree(part, want)) / r.size
			if whole+good == 0 {
				return used, 0, wrongAnswer
			}
			if good > 0 {
				used, c.got = used+good*r.size-c.got, 0
			}
			return used, whole + good, none // the next call will say it
		}
		used += len(part)
		whole += (c.got + len(part)) / r.size
		c.got = (c.got + len(part)) % r.size
	}
	return used, whole, none
}

// agree is how much of a is as the begin of b is.
func agree(a, b []byte) (n int) {
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return n
}

// bulk counts what comes in messages of one size.
type bulk struct{ size int }

func (*bulk) ask(buf []byte, _ *conn, _ uint64, _ int) []byte { return buf }

func (b *bulk) take(c *conn, in []byte, _ int) (used, whole int, bad kind) {
	c.got += len(in)
	whole = c.got / b.size
	c.got %= b.size
	return len(in), whole, none
}

// answers judges what is in an answer.
type answers struct {
	expect template // as of a payload, so that an answer to another request is seen; no parts: nothing
	want   []byte
}

// look looks through a part of the answer to the oldest request of c. Of what it has seen it holds as much as the
// begin of what is looked for could be.
func (a *answers) look(c *conn, part []byte) {
	if len(a.expect.parts) == 0 || c.found {
		return
	}
	a.want = a.expect.one(a.want[:0], c, c.answered)
	most := len(a.want) - 1
	if len(c.hold) > 0 {
		c.hold = append(c.hold, part[:min(len(part), most)]...)
		c.found = bytes.Contains(c.hold, a.want)
	}
	if c.found = c.found || bytes.Contains(part, a.want); c.found {
		return
	}
	if len(c.hold) == 0 || len(part) >= most {
		c.hold = append(c.hold[:0], part[max(0, len(part)-most):]...)
		return
	}
	c.hold = c.hold[:copy(c.hold, c.hold[max(0, len(c.hold)-most):])]
}

// judge says of a whole answer whether it is one.
func (a *answers) judge(c *conn) kind {
	if len(a.expect.parts) == 0 {
		return none
	}
	good := c.found
	c.hold, c.found = c.hold[:0], false
	if !good {
		return wrongAnswer
	}
	return none
}

// expectOf is what answers must contain, with numbers as wide as those of the request.
func expectOf(o *Options, request template) answers {
	if len(o.Expect) == 0 {
		return answers{}
	}
	t := newTemplate(o.Expect)
	t.width = request.width
	return answers{expect: t}
}

// lines are requests and answers that end with a line feed.
type lines struct {
	about   answers
	request template
}

func (l *lines) ask(buf []byte, c *conn, n uint64, count int) []byte {
	return l.request.fill(buf, c, n, count)
}

func (l *lines) take(c *conn, in []byte, _ int) (used, whole int, bad kind) {
	at := bytes.IndexByte(in, '\n')
	if at < 0 {
		l.about.look(c, in)
		return len(in), 0, none
	}
	l.about.look(c, in[:at])
	return at + 1, 1, l.about.judge(c)
}

// frames are four bytes of length, and so many bytes.
type frames struct {
	about   answers
	request template
}

const frameHeader = 4

func (f *frames) ask(buf []byte, c *conn, n uint64, count int) []byte {
	return f.request.fill(buf, c, n, count)
}

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
	f.about.look(c, part)
	c.got += len(part)
	used += len(part)
	if c.got-frameHeader < c.need {
		return used, 0, none
	}
	c.got, c.need = 0, 0
	return used, 1, f.about.judge(c)
}
