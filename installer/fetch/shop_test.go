package fetch_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/test/mirror"
)

// shop is a mirror on a local TLS server, and a folder to install into.
type shop struct {
	config  fetch.Config
	room    string // where toolchains go: nothing but ours may be in it
	key     mirror.Key
	archive mirror.Archive
}

// openShop serves one release, go1.26.3 for amd64, signed. The middleware stands before the mirror.
func openShop(t *testing.T, a mirror.Archive, middleware ...func(http.Handler) http.Handler) shop {
	t.Helper()
	s := shop{key: newKey(t, time.Now().Add(-time.Hour), 0), room: t.TempDir(), archive: a}
	if s.archive.Data == nil {
		s.archive.Data = pack(t, toolchain("go1.26.3", 0)...)
	}
	if s.archive.Version == "" {
		s.archive.Version, s.archive.Arch = "go1.26.3", "amd64"
	}
	if s.archive.Signature == nil {
		s.archive.Signature = sign(t, s.key, s.archive.Data, time.Now())
	}
	handler := mirror.Handler(s.archive)
	for _, m := range middleware {
		handler = m(handler)
	}
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	s.config = fetch.Config{
		Sources: []string{fetch.Download}, Base: server.URL + "/dl", CacheDir: t.TempDir(),
		CAFile:   writeFile(t, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
		Keyring:  s.keyring(t, s.key),
		Patience: 3 * time.Second,
	}
	return s
}

func (s shop) keyring(t *testing.T, k mirror.Key) string {
	t.Helper()
	public, err := k.Public()
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "key.asc", public)
}

func (s shop) dir() string { return filepath.Join(s.room, "go") }

// install resolves and fetches.
func (s shop) install(t *testing.T, wish string) (fetch.Origin, error) {
	t.Helper()
	w, err := fetch.ParseWish(wish)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.config.Resolve(t.Context(), w, "amd64")
	if err != nil {
		return fetch.Origin{}, err
	}
	return s.config.Fetch(t.Context(), r, "amd64", s.dir(), nil)
}

// leftovers are what is in the room, and the broken downloads in the cache.
func (s shop) leftovers(t *testing.T) []string {
	t.Helper()
	var left []string
	for _, pattern := range []string{s.room + "/*", s.room + "/.*", s.config.CacheDir + "/partial/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, files...)
	}
	return left
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	_ = wantError(t, err, code)
}

func wantError(t *testing.T, err error, code string) *report.Error {
	t.Helper()
	var e *report.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("error = %v, want code %s", err, code)
	}
	return e
}

func newKey(t *testing.T, made time.Time, life time.Duration) mirror.Key {
	t.Helper()
	k, err := mirror.NewKey(made, life)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sign(t *testing.T, k mirror.Key, data []byte, at time.Time) []byte {
	t.Helper()
	signature, err := k.Sign(data, at)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// entry is one of an archive: a file unless the header says otherwise.
type entry struct {
	tar.Header
	content []byte
}

func file(name, content string, mode int64) entry {
	return entry{tar.Header{Name: name, Mode: mode}, []byte(content)}
}

// toolchain is a small one, with this many bytes of noise, which does not get smaller by compression.
func toolchain(version string, noise int) []entry {
	random := make([]byte, noise)
	chacha := rand.NewChaCha8([32]byte{})
	_, _ = chacha.Read(random)
	return []entry{
		file("go/VERSION", version+"\ntime 2026-05-01T00:00:00Z\n", 0o644),
		file("go/bin/go", "#!/bin/sh\necho go version "+version+" linux/amd64\n", 0o755),
		file("go/src/fmt/print.go", "package fmt\n", 0o644),
		file("go/src/fmt/noise", string(random), 0o644),
	}
}

func pack(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	for _, e := range entries {
		h := e.Header
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
			h.Size = int64(len(e.content))
		}
		if err := archive.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// onArchive lets a handler answer requests for the archive in the mirror's place.
func onArchive(answer func(w http.ResponseWriter, r *http.Request, mirror http.Handler)) func(http.Handler) http.Handler {
	return func(mirror http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if filepath.Ext(r.URL.Path) == ".gz" {
				answer(w, r, mirror)
				return
			}
			mirror.ServeHTTP(w, r)
		})
	}
}

// breaking is a response that ends after so many bytes of its body, with the connection.
type breaking struct {
	http.ResponseWriter
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	n, err := b.ResponseWriter.Write(p[:min(len(p), b.left)])
	b.left -= n
	if b.left == 0 {
		_ = http.NewResponseController(b.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}
