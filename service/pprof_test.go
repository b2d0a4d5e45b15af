package service

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAProfileComesFromTheUnixSocket(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "admin.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.RequestURI() {
		case "/debug/pprof/profile?seconds=7", "/debug/pprof/heap":
			_, _ = io.WriteString(w, "profile of "+r.URL.Path)
		case "/debug/pprof/goroutine":
		default:
			http.NotFound(w, r)
		}
	}), ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	for kind, want := range map[string]string{
		"cpu": "profile of /debug/pprof/profile", "heap": "profile of /debug/pprof/heap",
		"goroutine": "cannot use a profile of 0 bytes: that is none", "threads": "404 Not Found",
	} {
		var got bytes.Buffer
		err := Profile(t.Context(), socket, kind, 7*time.Second, &got)
		if err != nil && !strings.HasSuffix(err.Error(), want) || err == nil && got.String() != want {
			t.Errorf("%s: %q, %v; want %q", kind, got.String(), err, want)
		}
	}
	err = Profile(t.Context(), socket+".none", "heap", 0, io.Discard)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a socket: %v", err)
	}
}
