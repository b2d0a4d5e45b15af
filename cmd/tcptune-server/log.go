package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/time/rate"
)

// newLogger logs to w. For a terminal and where text is asked for it is text with the time; for the journal each line
// has its priority before it (sd-daemon(3)), and no time, which the journal adds.
func newLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("cannot log at level %q: it is debug, info, warn or error", level)
	}
	o := &slog.HandlerOptions{Level: l}
	var h slog.Handler
	switch {
	case format == "json":
		h = slog.NewJSONHandler(w, o)
	case format == "text" || isTerminal(w):
		h = slog.NewTextHandler(w, o)
	default:
		o.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && slices.Contains([]string{slog.TimeKey, slog.LevelKey}, a.Key) {
				return slog.Attr{}
			}
			return a
		}
		lines := &journalLines{w: w}
		h = priority{slog.NewTextHandler(lines, o), lines}
	}
	return slog.New(&calm{Handler: h, bucket: &bucket{limiter: rate.NewLimiter(logRate, logBurst)}}), nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// priority tells the writer below a text handler the level of the line that comes.
type priority struct {
	slog.Handler
	lines *journalLines
}

func (p priority) Handle(ctx context.Context, r slog.Record) error {
	p.lines.mu.Lock()
	defer p.lines.mu.Unlock()
	p.lines.level = r.Level
	return p.Handler.Handle(ctx, r)
}

func (p priority) WithAttrs(attrs []slog.Attr) slog.Handler {
	return priority{p.Handler.WithAttrs(attrs), p.lines}
}

func (p priority) WithGroup(name string) slog.Handler {
	return priority{p.Handler.WithGroup(name), p.lines}
}

// journalLines writes the level of a line before it.
type journalLines struct {
	w     io.Writer
	mu    sync.Mutex
	level slog.Level
}

// Write is called by the text handler, with one line.
func (j *journalLines) Write(line []byte) (int, error) {
	number := map[slog.Level]int{slog.LevelDebug: 7, slog.LevelInfo: 6, slog.LevelWarn: 4, slog.LevelError: 3}[j.level]
	_, err := j.w.Write(append(fmt.Appendf(nil, "<%d>", number), line...))
	return len(line), err
}

// How many lines are logged.
const (
	logRate  = 5 // a second
	logBurst = 50
)

// calm leaves out lines when too many come, and says how many.
type calm struct {
	slog.Handler
	bucket *bucket
}

func (c *calm) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &calm{c.Handler.WithAttrs(attrs), c.bucket}
}

func (c *calm) WithGroup(name string) slog.Handler { return &calm{c.Handler.WithGroup(name), c.bucket} }

type bucket struct {
	mu      sync.Mutex
	limiter *rate.Limiter
	left    int
}

func (c *calm) Handle(ctx context.Context, r slog.Record) error {
	left, ok := c.bucket.take()
	if !ok {
		return nil
	}
	if left > 0 {
		note := slog.NewRecord(time.Now(), slog.LevelWarn, "lines were left out, since too many came", 0)
		note.AddAttrs(slog.Int("lines", left))
		if err := c.Handler.Handle(ctx, note); err != nil {
			return err
		}
	}
	return c.Handler.Handle(ctx, r)
}

func (b *bucket) take() (left int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.limiter.Allow() {
		b.left++
		return 0, false
	}
	left, b.left = b.left, 0
	return left, true
}
