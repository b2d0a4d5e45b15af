package bench

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// template is a request with places for the number of the connection and that of the request on it.
type template struct {
	parts [][]byte // between the places
	holes []byte   // 'c' or 'n'
	frame bool     // preceded by its length
	width int      // of the numbers, with zeros in front; 0 for as many digits as there are
}

// The places that a payload may have.
const (
	holeConn   = "{{conn}}"
	holeNumber = "{{n}}"
)

func newTemplate(text []byte) (t template) {
	for {
		at, hole, long := -1, byte(0), 0
		for _, h := range []struct {
			text string
			mark byte
		}{{holeConn, 'c'}, {holeNumber, 'n'}} {
			if i := bytes.Index(text, []byte(h.text)); i >= 0 && (at < 0 || i < at) {
				at, hole, long = i, h.mark, len(h.text)
			}
		}
		if at < 0 {
			t.parts = append(t.parts, text)
			return t
		}
		t.parts, t.holes = append(t.parts, text[:at]), append(t.holes, hole)
		text = text[at+long:]
	}
}

// fill appends requests of c, so many from a number on.
func (t template) fill(buf []byte, c *conn, number uint64, count int) []byte {
	for range count {
		buf, number = t.one(buf, c, number), number+1
	}
	return buf
}

func (t template) one(buf []byte, c *conn, number uint64) []byte {
	begin := len(buf)
	if t.frame {
		buf = append(buf, 0, 0, 0, 0)
	}
	buf = append(buf, t.parts[0]...)
	for i, hole := range t.holes {
		n := number
		if hole == 'c' {
			n = uint64(c.id)
		}
		buf = append(t.number(buf, n), t.parts[i+1]...)
	}
	if t.frame {
		binary.BigEndian.PutUint32(buf[begin:], uint32(len(buf)-begin-frameHeader))
	}
	return buf
}

func (t template) number(buf []byte, n uint64) []byte {
	if t.width == 0 {
		return strconv.AppendUint(buf, n, 10)
	}
	from := len(buf)
	buf = append(buf, zeros[:t.width]...)
	for i := len(buf) - 1; i >= from; i, n = i-1, n/10 {
		buf[i] = byte('0' + n%10)
	}
	return buf
}

const zeros = "0000000000"

// lineOf is the payload without line feeds, or a line of the wanted size.
func lineOf(o *Options) template {
	if len(o.Payload) > 0 {
		return newTemplate(append(bytes.ReplaceAll(bytes.TrimRight(o.Payload, "\r\n"), []byte("\n"), []byte(" ")), '\n'))
	}
	return newTemplate([]byte(filler(o.Size-1) + "\n"))
}

func frameOf(o *Options) template {
	text := o.Payload
	if len(text) == 0 {
		text = []byte(filler(max(0, o.Size-frameHeader)))
	}
	t := newTemplate(text)
	t.frame = true
	return t
}

// requestOf is a GET, or a POST of the payload, whose numbers have ten digits, so that its length is known.
func requestOf(o *Options) template {
	head := "Host: " + o.Host + "\r\nUser-Agent: tcptune\r\nAccept: */*\r\n"
	if len(o.Payload) == 0 {
		return newTemplate([]byte("GET " + o.Path + " HTTP/1.1\r\n" + head + "\r\n"))
	}
	body := newTemplate(o.Payload)
	length := len(body.holes) * len(zeros)
	for _, part := range body.parts {
		length += len(part)
	}
	t := newTemplate(fmt.Appendf(nil, "POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", o.Path, head, length, o.Payload))
	t.width = len(zeros)
	return t
}

// filler is so many letters.
func filler(size int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	return strings.Repeat(letters, max(0, size)/len(letters)+1)[:max(0, size)]
}
