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
	below := &lines{w: w, limiter: rate.NewLimiter(logRate, logBurst)}
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
		h = slog.NewTextHandler(below, o)
	}
	return slog.New(calm{h, below}), nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// How many lines are logged.
const (
	logRate  = 5 // a second
	logBurst = 50
)

// calm leaves out lines when too many come, and says how many.
type calm struct {
	slog.Handler
	*lines
}

// lines is what all handlers of a log share. For the journal it is the writer below a text handler as well, and writes
// the level of a line before it.
type lines struct {
	w       io.Writer
	limiter *rate.Limiter
	mu      sync.Mutex
	left    int
	level   slog.Level // of the line that comes
}

func (c calm) WithAttrs(attrs []slog.Attr) slog.Handler {
	return calm{c.Handler.WithAttrs(attrs), c.lines}
}

func (c calm) WithGroup(name string) slog.Handler { return calm{c.Handler.WithGroup(name), c.lines} }

func (c calm) Handle(ctx context.Context, r slog.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.limiter.Allow() {
		c.left++
		return nil
	}
	if c.left > 0 {
		note := slog.NewRecord(time.Now(), slog.LevelWarn, "lines were left out, since too many came", 0)
		note.AddAttrs(slog.Int("lines", c.left))
		c.left, c.level = 0, note.Level
		if err := c.Handler.Handle(ctx, note); err != nil {
			return err
		}
	}
	c.level = r.Level
	return c.Handler.Handle(ctx, r)
}

// Write is called by the text handler, with one line.
func (l *lines) Write(line []byte) (int, error) {
	number := map[slog.Level]int{slog.LevelDebug: 7, slog.LevelInfo: 6, slog.LevelWarn: 4, slog.LevelError: 3}[l.level]
	_, err := l.w.Write(append(fmt.Appendf(nil, "<%d>", number), line...))
	return len(line), err
}
