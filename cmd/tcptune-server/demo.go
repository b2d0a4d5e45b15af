package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// demo answers "/", "/healthz" and "/api/data" (GET, and POST of at most maxBody bytes): something for a load test.
func demo(maxBody int) http.Handler {
	mux := http.NewServeMux()
	text := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = io.WriteString(w, s)
		}
	}
	mux.HandleFunc("GET /{$}", text("tcptune-server\n"))
	mux.HandleFunc("GET /healthz", text("ok\n"))
	mux.HandleFunc("GET /api/data", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"ok": true, "time": time.Now().UTC().Format(time.RFC3339Nano)})
	})
	mux.HandleFunc("POST /api/data", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, int64(maxBody)))
		var long *http.MaxBytesError
		switch {
		case errors.As(err, &long):
			w.Header().Set("Connection", "close") // the rest of the body is not wanted
			writeJSON(w, http.StatusRequestEntityTooLarge, map[string]any{"ok": false, "error": "body is too long"})
		case err != nil:
			writeJSON(w, http.StatusBadRequest, map[string]any{"ok": false, "error": "body is incomplete"})
		default:
			writeJSON(w, http.StatusOK, map[string]any{"ok": true, "bytes": n})
		}
	})
	return mux
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
