// Package trail is the account that tcptune gives of itself when it is asked for one (--debug): in order, what was read
// and what that contributed, each decision with the rule that made it, each write with what was read back, and each
// question to systemd or a container engine with its answer.
//
// It is for a person who wants to know why. The steps and their names may change from one release to the next; what a
// program needs is in the report. Nothing secret is in it: no content of a file, no environment, no command line of
// another program, no password of a URL, and no value of a key that is one, see [Value].
package trail

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Trail takes the steps. The zero value is silent.
type Trail struct {
	log   *slog.Logger
	waits *Waits
}

// New returns a trail that writes to w, one line for each step.
func New(w io.Writer) Trail {
	h := &lines{w: w, start: time.Now()}
	h.about = slog.NewTextHandler(&h.buf, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: aboutAlone})
	return Trail{log: slog.New(h)}
}

// On reports whether somebody listens. Where a step is taken often, it is asked first: then a silent trail costs
// nothing.
func (t Trail) On() bool { return t.log != nil }

// Step says that something was done, "reads", and about what.
func (t Trail) Step(did string, about ...slog.Attr) {
	if t.log != nil {
		//nolint:forbidigo // it ends nothing, and is cut short by nothing
		t.log.LogAttrs(context.Background(), slog.LevelDebug, did, about...)
	}
}

// Did says, when a function has ended, what it did to what, and its error. It is for defer.
func (t Trail) Did(step string, err *error, about ...slog.Attr) {
	if t.log != nil {
		t.Step(step, append(about, Failed(*err))...)
	}
}

// Asks says what was asked of another program, how long the answer took, and what it was. A nil err stands for answer.
func (t Trail) Asks(whom, what string, since time.Time, answer string, err error) {
	if t.log == nil {
		return
	}
	if err != nil {
		answer = "error: " + err.Error()
	}
	t.Step("asks", slog.String("whom", whom), slog.String("what", what), slog.String("answer", answer),
		slog.Duration("took", time.Since(since)))
}

// Came says what came of something that can fail: n things of a kind, or the error.
func Came(kind string, n int, err error) slog.Attr {
	if err != nil {
		return Failed(err)
	}
	return slog.Int(kind, n)
}

// Failed is the error, and nothing where there is none.
func Failed(err error) slog.Attr {
	if err != nil {
		return slog.String("error", err.Error())
	}
	return slog.Attr{}
}

// Hidden stands for what a trail does not say.
const Hidden = "(hidden)"

// Value is the value of a sysctl key, or [Hidden] where the key holds a secret: net.ipv4.tcp_fastopen_key makes the
// cookies of TCP Fast Open, and net.ipv6.conf.*.stable_secret the addresses of an interface.
func Value(key, value string) string {
	if strings.HasSuffix(key, "_key") || strings.HasSuffix(key, "_secret") {
		return Hidden
	}
	return value
}

// URL is an address without the password and the query, which may hold a token.
func URL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return Hidden
	}
	if u.User != nil {
		u.User = url.User(Hidden)
	}
	if u.RawQuery != "" {
		u.RawQuery = Hidden
	}
	return u.String()
}

// lines is a slog handler whose lines begin with the seconds since the start and with what was done.
type lines struct {
	w     io.Writer
	start time.Time
	mu    sync.Mutex
	buf   bytes.Buffer
	about slog.Handler // writes name=value to buf
}

// aboutAlone leaves the attributes of a step: the line says the rest itself.
func aboutAlone(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return slog.Attr{}
	}
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().Round(10 * time.Microsecond).String())
	}
	return a
}

func (*lines) Enabled(context.Context, slog.Level) bool { return true }

func (l *lines) Handle(ctx context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
	fmt.Fprintf(&l.buf, "debug %.4fs %s ", r.Time.Sub(l.start).Seconds(), r.Message)
	r.Time = time.Time{} // which a handler leaves out
	if err := l.about.Handle(ctx, r); err != nil {
		return err
	}
	_, err := l.w.Write(l.buf.Bytes())
	return err
}

// WithAttrs and WithGroup are for loggers that are handed on; a trail hands itself on.
func (l *lines) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup is like WithAttrs.
func (l *lines) WithGroup(string) slog.Handler { return l }
