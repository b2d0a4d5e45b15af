package server

import (
	"bytes"
	"net/http"
	"strings"
)

// wire is what has to be seen of the bytes of a connection before package net/http gets them.
type wire struct {
	name   [len(lengthName)]byte // the beginning of a line
	n      int                   // how much of it is there; -1: the line is another one
	length bool                  // a line has begun with Content-Length
}

const lengthName = "content-length:"

// see looks for lines of Content-Length. net/http deletes it where there is Transfer-Encoding as well, and RFC 9112, 6.1,
// wants the connection of such a request to end after the answer: it may be one of two that somebody else sees
// differently. Lines of bodies are seen as well: then the connection ends once without need, and says so.
func (w *wire) see(b []byte) {
	for len(b) > 0 && !w.length {
		if w.n < 0 {
			end := bytes.IndexByte(b, '\n')
			if end < 0 {
				return
			}
			w.n, b = 0, b[end+1:]
			continue
		}
		if b[0] == '\n' {
			w.n, b = 0, b[1:]
			continue
		}
		w.name[w.n] = b[0]
		w.n++
		b = b[1:]
		if !strings.EqualFold(string(w.name[:w.n]), lengthName[:w.n]) {
			w.n = -1
		} else if w.n == len(lengthName) {
			w.length, w.n = true, -1
		}
	}
}

// ambiguous tells whether a request has come with both Content-Length and Transfer-Encoding.
func (w *wire) ambiguous(r *http.Request) bool { return len(r.TransferEncoding) > 0 && w.length }

// withoutEmptyLines drops line ends before a request, RFC 9112, 2.2. It returns how much is left, at the beginning of b.
func withoutEmptyLines(b []byte) int {
	return copy(b, bytes.TrimLeft(b, "\r\n"))
}
