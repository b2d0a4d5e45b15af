package bench

import (
	"bytes"
	"strconv"
)

// httpWire is HTTP/1.1. An answer with a status from 400 on is whole, and a failure.
type httpWire struct {
	about   answers
	request template
}

// The stages of an answer; stageHead, where c.hold has the part of the head that is there, is the zero value.
const (
	stageHead  uint8 = iota
	stageBody        // c.need bytes are missing
	stageSize        // of a chunk, in c.need: -1 before its first digit
	stageChunk       // c.need bytes of it are missing, its line end included
	stageTrail       // lines after the last chunk
	stageEnd         // the body ends with the connection
)

const mostHead = 64 << 10

func (h *httpWire) ask(buf []byte, c *conn, n uint64, count int) []byte {
	return h.request.fill(buf, c, n, count)
}

func (h *httpWire) take(c *conn, in []byte, _ int) (used, whole int, bad kind) {
	for {
		n, done, bad := h.step(c, in[used:])
		used += n
		switch {
		case bad != none:
			return used, 0, bad
		case done:
			return used, 1, h.end(c)
		case used == len(in):
			return used, 0, none
		}
	}
}

// end judges an answer that is whole.
func (h *httpWire) end(c *conn) kind {
	status, bad := c.got, h.about.judge(c)
	c.stage, c.got, c.need = stageHead, 0, 0
	switch {
	case status >= 500:
		return status5xx
	case status >= 400:
		return status4xx
	}
	return bad
}

// step goes on with what there is, for one part of the answer.
func (h *httpWire) step(c *conn, in []byte) (used int, done bool, bad kind) {
	switch c.stage {
	case stageHead:
		return h.head(c, in)
	case stageBody, stageEnd:
		used = len(in)
		if c.stage == stageBody {
			used = min(used, c.need)
			c.need -= used
		}
		h.about.look(c, in[:used])
		return used, c.stage == stageBody && c.need == 0, none
	case stageChunk:
		used = min(len(in), max(0, c.need-len("\r\n")))
		h.about.look(c, in[:used])
		for c.need -= used; used < len(in) && c.need > 0; c.need-- {
			if in[used] != "\n\r"[c.need-1] {
				return used, false, malformed
			}
			used++
		}
		if c.need == 0 {
			c.stage, c.need = stageSize, -1
		}
		return used, false, none
	}
	return h.line(c, in)
}

// line reads the size of a chunk, or a line after the last one. It may come in parts: the digits so far are in need, and
// whether they are over in last.
func (*httpWire) line(c *conn, in []byte) (used int, done bool, bad kind) {
	for _, b := range in {
		used++
		switch {
		case b == '\n' && c.stage == stageTrail:
			if c.need == 0 {
				return used, true, none
			}
			c.need = 0 // the line was not empty
		case c.stage == stageTrail:
			if b != '\r' {
				c.need = 1
			}
		case c.need < 0 && (b == '\n' || b == ';' || b == ' '):
			return used, false, malformed
		case b == '\n' && c.need == 0:
			c.stage, c.extension = stageTrail, false
		case b == '\n':
			c.stage, c.extension = stageChunk, false
			c.need += len("\r\n")
			return used, false, none
		case b == '\r' || c.extension:
		case b == ';' || b == ' ':
			c.extension = true
		default:
			digit := bytes.IndexByte([]byte("0123456789abcdef"), b|0x20)
			if digit < 0 || c.need > MaxSize {
				return used, false, malformed
			}
			c.need = max(0, c.need)<<4 | digit
		}
	}
	return used, false, none
}

// head reads the status line and the fields. The status is in c.got until the answer is whole.
func (h *httpWire) head(c *conn, in []byte) (used int, done bool, bad kind) {
	head, whole := in, false
	if len(c.hold) == 0 {
		if at := bytes.Index(in, headEnd); at >= 0 {
			head, used, whole = in[:at+len(headEnd)], at+len(headEnd), true
		}
	}
	if !whole {
		before := len(c.hold)
		c.hold = append(c.hold, in...)
		at := bytes.Index(c.hold, headEnd)
		if at < 0 {
			if len(c.hold) > mostHead {
				return len(in), false, malformed
			}
			return len(in), false, none
		}
		head, used = c.hold[:at+len(headEnd)], at+len(headEnd)-before
	}
	bad = h.read(c, head)
	c.hold = c.hold[:0]
	switch {
	case bad != none:
		return used, false, bad
	case c.got == 101: // to another protocol, which nobody has asked for
		return used, false, malformed
	case c.got < 200: // an answer before the answer
		c.got, c.stage = 0, stageHead
		return used, false, none
	}
	return used, c.stage == stageBody && c.need == 0, none
}

// headEnd ends a head.
var headEnd = []byte("\r\n\r\n")

// read takes the status and the length out of a head.
func (*httpWire) read(c *conn, head []byte) kind {
	first, fields, _ := bytes.Cut(head, []byte("\r\n"))
	if len(first) < len("HTTP/1.1 200") || !bytes.HasPrefix(first, []byte("HTTP/1.")) {
		return malformed
	}
	status, err := strconv.Atoi(string(first[9:12]))
	if err != nil || status < 100 {
		return malformed
	}
	c.got, c.stage, c.need = status, stageEnd, 0
	if status < 200 || status == 204 || status == 304 {
		c.stage = stageBody
	}
	bodiless, length := c.stage == stageBody, -1
	closes, stays := false, first[7] != '0'
	for line := range bytes.SplitSeq(fields, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case len(name) > len(bytes.TrimRight(name, " \t")): // RFC 9112, 5.1: others would miss the field
			return malformed
		case bytes.EqualFold(name, []byte("content-length")) && !bodiless && c.stage != stageSize:
			n, err := strconv.ParseUint(string(value), 10, 62)
			if err != nil || length >= 0 && length != int(n) {
				return malformed
			}
			length = int(n)
			c.stage, c.need = stageBody, length
		case bytes.EqualFold(name, []byte("transfer-encoding")) && !bodiless:
			c.stage, c.need = stageSize, -1
		case bytes.EqualFold(name, []byte("connection")):
			for option := range bytes.SplitSeq(value, []byte(",")) {
				option = bytes.TrimSpace(option)
				closes = closes || bytes.EqualFold(option, []byte("close"))
				stays = stays || bytes.EqualFold(option, []byte("keep-alive"))
			}
		}
	}
	c.last = closes || !stays || c.stage == stageEnd
	return none
}
