package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// stream reads a file from a server. Where the connection breaks or becomes too slow it goes on from there, as long as
// the server says by the validator that it is still the same file; it begins with what an earlier process has left.
type stream struct {
	ctx  context.Context
	web  web
	url  string
	size int64 // bytes; 0: as the server says
	most int64 // bytes that are plausible

	part      *partial
	left      io.Reader // of part, to be read before body
	body      io.ReadCloser
	validator string
	offset    int64 // of the next byte to read
	fails     int   // connections in a row that brought next to nothing
	since     int64 // offset at which the connection began
	last      error // what the connection before ended with
}

// errChanged means that the rest of the file cannot be had: what was read is worth nothing.
var errChanged = errors.New("the server does not go on from there, or has another file now")

// progressed is how many bytes a connection must bring so that it does not count as a failure.
const progressed = 256 << 10

// openStream connects. A size that is known must be the one that the server has.
func openStream(ctx context.Context, w web, url string, size, most int64, part *partial) (*stream, error) {
	s := &stream{ctx: ctx, web: w, url: url, size: size, most: most, part: part}
	from := int64(0)
	if part != nil {
		from, s.validator = part.size, part.mark.Validator
	}
	if size > 0 && from == size { // killed between the last byte and the proof
		s.left = part.content()
		return s, nil
	}
	if err := s.connect(from); err != nil {
		return nil, err
	}
	if from > 0 && s.since == from {
		s.left = part.content()
	}
	return s, nil
}

// connect asks for the bytes from an offset on. When the server sends the file from its beginning instead, s.since is
// 0.
func (s *stream) connect(from int64) error {
	header := http.Header{}
	if from > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		header.Set("If-Range", s.validator)
	}
	resp, err := s.web.open(s.ctx, s.url, header, http.StatusOK, http.StatusPartialContent,
		http.StatusRequestedRangeNotSatisfiable)
	if err != nil {
		return err
	}
	switch {
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && from > 0:
		_ = resp.Body.Close()
		return s.connect(0) // what is kept is longer than what the server has
	case resp.StatusCode == http.StatusPartialContent && from > 0 && s.continues(resp, from):
		s.since = from
	case resp.StatusCode == http.StatusOK:
		err = s.begin(resp)
	default:
		err = unreachable(s.url, fmt.Errorf("it answers %s to a request for bytes from %d on", resp.Status, from))
	}
	if err != nil {
		_ = resp.Body.Close()
		return err
	}
	s.body = newPatient(resp.Body, s.web.patience)
	return nil
}

// continues reports whether a partial answer is the rest of the file.
func (s *stream) continues(resp *http.Response, from int64) bool {
	bounds, total, ok := strings.Cut(strings.TrimPrefix(resp.Header.Get("Content-Range"), "bytes "), "/")
	if !ok || !strings.HasPrefix(bounds, strconv.FormatInt(from, 10)+"-") {
		return false
	}
	n, err := strconv.ParseInt(total, 10, 64)
	if err != nil || s.size > 0 && n != s.size {
		return false
	}
	s.size = n
	return true
}

// begin takes an answer for the file from its first byte on.
func (s *stream) begin(resp *http.Response) error {
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return unreachable(s.url, errPage)
	}
	switch n := resp.ContentLength; {
	case n > s.most:
		return unreachable(s.url, fmt.Errorf("it has %d MB, more than the %d that are plausible", n>>20, s.most>>20))
	case n >= 0 && s.size > 0 && n != s.size:
		return unverified(fmt.Sprintf("it has %d bytes, and should have %d", n, s.size))
	case n > 0:
		s.size = n
	}
	s.since, s.validator = 0, validator(resp.Header)
	s.part.restart(s.validator)
	return nil
}

// validator returns what If-Range can use: a strong entity tag, or else the date of the last change.
func validator(h http.Header) string {
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	return h.Get("Last-Modified")
}

func (s *stream) Read(b []byte) (int, error) {
	for {
		n, err := s.readOnce(b)
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (s *stream) readOnce(b []byte) (int, error) {
	if s.left != nil {
		n, err := s.left.Read(b)
		s.offset += int64(n)
		if err != nil && err != io.EOF {
			return n, fmt.Errorf("cannot read what was downloaded before: %w", err)
		}
		if err == io.EOF {
			s.left = nil
		}
		return n, nil
	}
	if s.size > 0 && s.offset >= s.size {
		return 0, io.EOF
	}
	if s.body == nil {
		if err := s.reconnect(); err != nil {
			return 0, err
		}
	}
	if s.size > 0 {
		b = b[:min(int64(len(b)), s.size-s.offset)]
	}
	n, err := s.body.Read(b)
	s.part.append(b[:n])
	s.offset += int64(n)
	switch {
	case s.offset > s.most:
		return n, unreachable(s.url, fmt.Errorf("it sends more than the %d MB that are plausible", s.most>>20))
	case err == io.EOF && s.size == 0:
		return n, io.EOF
	case err != nil:
		return n, s.broken(err)
	}
	return n, nil
}

// broken ends a connection. It is an error when there is no point in another one.
func (s *stream) broken(err error) error {
	_ = s.body.Close()
	s.body = nil
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	s.last = bare(err)
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	if s.offset == s.size {
		return nil
	}
	s.fails++
	if s.offset-s.since >= progressed {
		s.fails = 0
	}
	if s.fails > maxRetries {
		return unreachable(s.url, fmt.Errorf("the connection broke %d times, at last after %d of %d bytes: %w", s.fails,
			s.offset, s.size, s.last))
	}
	return nil
}

func (s *stream) reconnect() error {
	select {
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	case <-time.After(s.web.client.Backoff(0, 0, s.fails, nil)):
	}
	changed := fmt.Errorf("%w; %w", s.last, errChanged)
	if s.validator == "" {
		return changed
	}
	if err := s.connect(s.offset); err != nil {
		return err
	}
	if s.since != s.offset {
		return changed
	}
	return nil
}

// Close ends the connection. What was kept is up to the caller.
func (s *stream) Close() error {
	if s.body == nil {
		return nil
	}
	return s.body.Close()
}
