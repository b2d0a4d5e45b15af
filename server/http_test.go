package server

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// web is a room of HTTP.
func web(t *testing.T, handler http.Handler, limits Limits) *room {
	t.Helper()
	limits = filled(limits)
	return open(t, Config{Handler: NewHTTP(handler, limits), Limits: limits})
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }

// request makes one exchange.
func (c *client) request(path string) (*http.Response, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, "http://test"+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := r.Write(c); err != nil {
		c.t.Fatal(err)
	}
	return c.response(r)
}

func (c *client) response(r *http.Request) (*http.Response, string) {
	c.t.Helper()
	a, err := http.ReadResponse(c.in, r)
	if err != nil {
		c.t.Fatal(err)
	}
	b, err := io.ReadAll(a.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return a, string(b)
}

// refusesLong answers before it has read the body.
func refusesLong(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > 100 {
		http.Error(w, "body is too long", http.StatusRequestEntityTooLarge)
	}
}

func TestEachAnswerOfHTTPIsAMessage(t *testing.T) {
	t.Parallel()
	r := web(t, http.HandlerFunc(ok), Limits{})
	c := r.dial()
	for range 7 {
		if a, body := c.request("/"); a.StatusCode != 200 || body != "ok\n" {
			t.Errorf("%d %q", a.StatusCode, body)
		}
	}
	c.close()
	r.ended(ClientClosed, 1)
	if st := r.Stats(); st.Messages != 7 || st.Latency.Count != 7 {
		t.Errorf("%d messages, %d of them timed, want 7", st.Messages, st.Latency.Count)
	}
}

func TestTheEndOfOneConnectionOfHTTPIsNoDrain(t *testing.T) {
	t.Parallel()
	r := web(t, http.HandlerFunc(ok), Limits{})
	first, other := r.dial(), r.dial()
	first.request("/")
	first.close()
	r.until("the first has ended", func(st Stats) bool { return st.Ended[ClientClosed] == 1 })
	for range 3 {
		if a, _ := other.request("/"); a.StatusCode != 200 || a.Close {
			t.Fatalf("%d, closes: %v", a.StatusCode, a.Close)
		}
	}
}

func TestTooLongABodyIsAnsweredBeforeTheConnectionEnds(t *testing.T) {
	t.Parallel()
	r := web(t, http.HandlerFunc(refusesLong), Limits{})
	for range 5 {
		c := r.dial()
		go func() {
			head := "POST /api/data HTTP/1.1\r\nHost: test\r\nContent-Length: 4000000\r\n\r\n"
			_, _ = io.WriteString(c, head+strings.Repeat("x", 4_000_000))
		}()
		if a, body := c.response(nil); a.StatusCode != 413 || !strings.Contains(body, "too long") {
			t.Errorf("%d %q, want 413", a.StatusCode, body)
		}
		c.close()
	}
	if a, _ := r.dial().request("/healthz"); a.StatusCode != 200 {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestHTTPIsRefusedInHTTP(t *testing.T) {
	t.Parallel()
	r := web(t, http.HandlerFunc(ok), Limits{MaxConns: 1})
	c := r.dial()
	c.request("/")
	if a, _ := r.dial().response(nil); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%d, want 503", a.StatusCode)
	}
	if got := r.Stats().Refused[QueueFull]; got != 1 {
		t.Errorf("%d were refused, want 1", got)
	}
}

func TestDeadlinesOfHTTPAreCountedAsWhatTheyAre(t *testing.T) {
	t.Parallel()
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 64<<20))
	})
	for _, tt := range []struct {
		why    Reason
		limits Limits
		does   func(*client)
	}{
		{Idle, Limits{IdleTimeout: 200 * time.Millisecond, ReadTimeout: patience}, func(c *client) {
			c.request("/")
		}},
		{SlowRead, Limits{ReadTimeout: 200 * time.Millisecond}, func(*client) {}},
		{SlowRead, Limits{ReadTimeout: 200 * time.Millisecond}, func(c *client) { c.say("GET / HTTP/1.1\r\nHo") }},
		{SlowWrite, Limits{WriteTimeout: 200 * time.Millisecond}, func(c *client) {
			c.say("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n") // and does not read
		}},
		{Total, Limits{TotalTimeout: 2 * time.Second}, func(c *client) { c.request("/") }},
		{ClientClosed, Limits{ReadTimeout: patience}, func(c *client) { c.request("/"); c.close() }},
		{
			ClientClosed,
			Limits{ReadTimeout: patience},
			func(c *client) { c.say("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n") },
		},
	} {
		t.Run(tt.why.String(), func(t *testing.T) {
			mux := http.NewServeMux()
			mux.Handle("/", http.HandlerFunc(ok))
			mux.Handle("/slow", slow)
			r := web(t, mux, tt.limits)
			c := r.dial()
			tt.does(c)
			if tt.why != SlowWrite && tt.why != ClientClosed {
				c.isCut()
			}
			r.ended(tt.why, 1)
		})
	}
}

func TestAPanicInHTTPIsCounted(t *testing.T) {
	t.Parallel()
	r := web(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("moody")
		}
	}), Limits{})
	c := r.dial()
	c.request("/")
	c.say("GET /panic HTTP/1.1\r\nHost: test\r\n\r\n")
	c.isCut()
	r.ended(Panicked, 1)
	if log := r.log.String(); !strings.Contains(log, "panic=moody") || !strings.Contains(log, "http_test.go") {
		t.Errorf("the log does not say what happened:\n%s", log)
	}
	if a, _ := r.dial().request("/"); a.StatusCode != 200 {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestADrainOfHTTPAnswersEachOnceMore(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	answer := sync.OnceFunc(func() { close(goOn) })
	mux := http.NewServeMux()
	mux.Handle("/", http.HandlerFunc(ok))
	mux.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-goOn
		_, _ = io.WriteString(w, "done")
	})
	r := web(t, mux, Limits{MaxConns: 3, Queue: 1})
	t.Cleanup(answer) // before the server is waited for, however this ends
	busy, idle, fresh := r.dial(), r.dial(), r.dial()
	idle.request("/")
	busy.say("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
	<-begun
	r.until("all are served", func(st Stats) bool { return st.Active == 3 })
	waits := r.dial()
	r.until("one waits", func(st Stats) bool { return st.Queued == 1 })
	done := r.drain(patience)

	// The last one has a place when one of the others has ended.
	for i, c := range []*client{idle, fresh, waits} {
		if a, body := c.request("/healthz"); a.StatusCode != 200 || body != "ok\n" || !a.Close {
			t.Errorf("%d: %d %q, closes: %v", i, a.StatusCode, body, a.Close)
		}
	}
	answer()
	if a, body := busy.response(nil); a.StatusCode != 200 || body != "done" {
		t.Errorf("%d %q", a.StatusCode, body)
	}
	if a, _ := busy.request("/"); !a.Close { // its answer was begun before, and could not say so
		t.Error("its next answer does not say that it is the last")
	}
	busy.ends("")
	for _, c := range []*client{idle, fresh, waits} {
		c.ends("")
	}
	if cut := <-done; cut != 0 {
		t.Errorf("%d were cut", cut)
	}
	r.ended(Drained, 4)
}

func TestTheDeadlineOfADrainCutsHTTP(t *testing.T) {
	t.Parallel()
	begun, over := make(chan struct{}), make(chan struct{})
	r := web(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done() // the connection has gone
		close(over)
	}), Limits{})
	c := r.dial()
	c.say("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
	<-begun
	if cut := r.shutdown(100 * time.Millisecond); cut != 1 {
		t.Errorf("%d were cut, want 1", cut)
	}
	<-over
	r.ended(DrainTimeout, 1)
}

func TestAStreamThatEndsBecauseOfADrainIsCountedSo(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Handler: streamFunc(streamedLines)})
	idle, half := r.full(2)[0], r.full(1)[0]
	half.say("half a ")
	r.until("half a line is there", func(Stats) bool { return r.states()["reading"] == 1 && r.states()["waiting"] == 2 })
	done := r.drain(patience) // a busy machine has its time between who is idle and who is not
	idle.ends("")
	half.say("line\n")
	half.ends("echo: half a line\n")
	<-done
	r.ended(Drained, 3)
}

// counts answers with the length of the body.
func countsBody(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		http.Error(w, "body is incomplete", http.StatusBadRequest)
		return
	}
	_, _ = fmt.Fprintf(w, "%d", n)
}

func TestARequestOfTwoLengthsIsTheLastOne(t *testing.T) {
	t.Parallel()
	const chunked = "5\r\nhello\r\n0\r\n\r\n"
	for name, tt := range map[string]struct {
		text   string
		closes bool
	}{
		"both":         {"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked, true},
		"both, turned": {"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\ncontent-lengTH:5\r\n\r\n" + chunked, true},
		"chunked":      {"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nX-Content-Length: 5\r\n\r\n" + chunked, false},
		"length":       {"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello", false},
	} {
		for _, pieces := range []bool{false, true} {
			r := web(t, http.HandlerFunc(countsBody), Limits{})
			c := r.dial()
			if pieces {
				for i := range tt.text {
					c.say(tt.text[i : i+1])
				}
			} else {
				c.say(tt.text)
			}
			if a, body := c.response(nil); a.StatusCode != 200 || body != "5" || a.Close != tt.closes {
				t.Errorf("%s, in pieces %v: %d %q, closes: %v, want 200 \"5\", %v", name, pieces, a.StatusCode, body, a.Close, tt.closes)
			}
			if tt.closes {
				c.ends("")
			}
		}
	}
}

func TestEmptyLinesBeforeARequestAreNoRequest(t *testing.T) {
	t.Parallel()
	r := web(t, http.HandlerFunc(ok), Limits{})
	c := r.dial()
	for _, before := range []string{"\r\n", "", "\r\n\r\n", "\n", "\r\n"} {
		c.say(before)
		if a, _ := c.request("/"); a.StatusCode != 200 || a.Close {
			t.Errorf("after %q: %d, closes: %v", before, a.StatusCode, a.Close)
		}
	}
}

func TestA400InTheMiddleOfABodyIsHeard(t *testing.T) {
	t.Parallel()
	r := web(t, http.HandlerFunc(countsBody), Limits{})
	for range 20 {
		c := r.dial()
		c.say("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n")
		go func() {
			for range 100 { // what is still on its way
				if _, err := io.WriteString(c, strings.Repeat("x", 10<<10)); err != nil {
					return
				}
			}
		}()
		a, body := c.response(nil)
		if a.StatusCode != 400 || body != "body is incomplete\n" {
			t.Errorf("%d %q", a.StatusCode, body)
		}
		c.ends("")
	}
}
