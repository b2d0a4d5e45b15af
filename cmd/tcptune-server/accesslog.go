package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// longestPath is how much of a path is logged, in bytes.
const longestPath = 200

// logged passes the trace of a request on with its answer, and logs both at level debug: no query, which may hold
// secrets.
func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := traceOf(r.Header)
		if t.parent != "" {
			w.Header().Set("Traceparent", t.parent)
		}
		if t.state != "" {
			w.Header().Set("Tracestate", t.state)
		}
		if !log.Enabled(r.Context(), slog.LevelDebug) {
			next.ServeHTTP(w, r)
			return
		}
		began, answer := time.Now(), &answered{w, http.StatusOK}
		next.ServeHTTP(answer, r)
		path := r.URL.Path
		log.LogAttrs(r.Context(), slog.LevelDebug, "a request was answered", t.attrs(
			slog.String("remote", r.RemoteAddr), slog.String("method", r.Method),
			slog.String("path", path[:min(len(path), longestPath)]),
			slog.Int("status", answer.status), slog.Duration("took", time.Since(began)))...)
	})
}

// attrs are those, and which trace it is about.
func (t trace) attrs(attrs ...slog.Attr) []slog.Attr {
	if id := t.id(); id != "" {
		attrs = append(attrs, slog.String("trace-id", id))
	}
	return attrs
}

// answered notes the status of an answer.
type answered struct {
	http.ResponseWriter
	status int
}

func (a *answered) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// logged says at level debug that a frame was relayed, and as a warning that it could not be.
func (q question) logged(ctx context.Context, log *slog.Logger, took time.Duration, failed error) {
	level, what := slog.LevelDebug, "a frame was relayed"
	attrs := []slog.Attr{slog.String("client", q.client), slog.Int("bytes", len(q.payload)), slog.Duration("took", took)}
	if failed != nil {
		level, what, attrs = slog.LevelWarn, "cannot relay a request", append(attrs, slog.Any("error", failed))
	}
	if log.Enabled(ctx, level) {
		log.LogAttrs(ctx, level, what, traceOfJSON(q.payload).attrs(attrs...)...)
	}
}
