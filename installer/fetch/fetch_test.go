package fetch_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/test/mirror"
)

func TestAProvenArchiveIsUnpacked(t *testing.T) {
	t.Parallel()
	s := openShop(t, mirror.Archive{})
	origin, err := s.install(t, "1.26")
	if err != nil {
		t.Fatal(err)
	}
	want := fetch.Origin{Source: "download", URL: s.config.Base + "/go1.26.3.linux-amd64.tar.gz"}
	if len(origin.Verified) != 2 || origin.Verified[0] != "sha256" || !strings.HasPrefix(origin.Verified[1], "signature by ") || !strings.HasPrefix(origin.Digest, "sha256:") {
		t.Errorf("origin = %+v, want both proofs in it", origin)
	}
	origin.Verified, origin.Digest = nil, ""
	if diff := cmp.Diff(want, origin); diff != "" {
		t.Errorf("origin (-want +got):\n%s", diff)
	}
	got := map[string]string{}
	for _, name := range []string{"VERSION", "bin/go", "src/fmt/print.go"} {
		fi, err := os.Stat(filepath.Join(s.dir(), name))
		if err != nil {
			t.Fatal(err)
		}
		got[name] = fi.Mode().String()
	}
	if diff := cmp.Diff(map[string]string{"VERSION": "-rw-r--r--", "bin/go": "-rwxr-xr-x", "src/fmt/print.go": "-rw-r--r--"}, got); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{s.dir()}, s.leftovers(t)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// Whatever goes wrong with a proof, nothing is installed, nothing is left, and the next source is not asked.
func TestWhatIsNotProvenLeavesNothing(t *testing.T) {
	t.Parallel()
	other := pack(t, toolchain("go1.26.2", 0)...)
	good := pack(t, toolchain("go1.26.3", 0)...)
	now := time.Now()
	tests := map[string]struct {
		archive    mirror.Archive
		middleware func(http.Handler) http.Handler
		config     func(*testing.T, *shop)
		code       string
		says       string
	}{
		"the archive is another one": {
			middleware: onArchive(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				changed := append([]byte{}, good...)
				changed[len(changed)/2] ^= 1
				_, _ = w.Write(changed)
			}),
			code: fetch.Unverified, says: "SHA-256",
		},
		"the archive is shorter": {
			middleware: onArchive(func(w http.ResponseWriter, r *http.Request, _ http.Handler) { _, _ = w.Write(good[:len(good)-9]) }),
			code:       fetch.Unverified, says: "bytes, and should have",
		},
		"the signature is one of something else": {
			config: func(t *testing.T, s *shop) { s.resign(t, sign(t, s.key, other, now)) },
			code:   fetch.Unverified, says: "signature",
		},
		"the signature is no signature": {
			config: func(t *testing.T, s *shop) { s.resign(t, []byte("-----BEGIN NOTHING-----\n")) },
			code:   fetch.Unverified, says: "no OpenPGP signature",
		},
		"the signature is cut": {
			config: func(t *testing.T, s *shop) { s.resign(t, sign(t, s.key, good, now)[:120]) },
			code:   fetch.Unverified, says: "no OpenPGP signature",
		},
		"a stranger has signed": {
			config: func(t *testing.T, s *shop) { s.resign(t, sign(t, newKey(t, now.Add(-time.Hour), 0), good, now)) },
			code:   fetch.UnknownSigner, says: "not known here",
		},
		"the key had expired when it signed": {
			config: func(t *testing.T, s *shop) {
				k := newKey(t, now.Add(-48*time.Hour), time.Hour)
				s.config.Keyring = s.keyring(t, k)
				s.resign(t, sign(t, k, good, now))
			},
			code: fetch.Unverified, says: "not valid when",
		},
		"an older release under the newer name": {
			archive: mirror.Archive{Data: other},
			code:    fetch.Unverified, says: "go1.26.2",
		},
		"no toolchain": {
			archive: mirror.Archive{Data: pack(t, file("go/README", "", 0o644))},
			code:    fetch.BadArchive, says: "VERSION",
		},
		"no program": {
			archive: mirror.Archive{Data: pack(t, file("go/VERSION", "go1.26.3\n", 0o644))},
			code:    fetch.BadArchive, says: "bin/go",
		},
		"signed, and hostile": {
			archive: mirror.Archive{Data: pack(t, append(toolchain("go1.26.3", 0), file("go/../../etc/passwd", "", 0o644))...)},
			code:    fetch.BadArchive, says: "etc/passwd",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var middleware []func(http.Handler) http.Handler
			if tt.middleware != nil {
				middleware = append(middleware, tt.middleware)
			}
			s := openShop(t, tt.archive, middleware...)
			if tt.config != nil {
				tt.config(t, &s)
			}
			// A second source that would answer, and must not be asked.
			s.config.Sources = append(s.config.Sources, fetch.Module)
			s.config.Go.Proxy = notToBeAsked(t)
			_, err := s.install(t, "1.26.3")
			if e := wantError(t, err, tt.code); !strings.Contains(e.Error(), tt.says) {
				t.Errorf("error = %q, want %q in it", e, tt.says)
			}
			if left := s.leftovers(t); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// resign serves the same archive with another signature.
func (s *shop) resign(t *testing.T, signature []byte) {
	t.Helper()
	a := s.archive
	a.Signature = signature
	again := openShop(t, a)
	s.config.Base, s.config.CAFile = again.config.Base, again.config.CAFile
}

func notToBeAsked(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the second source was asked for %s", r.URL)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAKeyThatHasExpiredSinceProvesWhatItSigned(t *testing.T) {
	t.Parallel()
	s := openShop(t, mirror.Archive{})
	made := time.Now().Add(-1000 * 24 * time.Hour)
	k := newKey(t, made, 24*time.Hour)
	s.config.Keyring = s.keyring(t, k)
	s.resign(t, sign(t, k, s.archive.Data, made.Add(time.Hour)))
	if _, err := s.install(t, "1.26.3"); err != nil {
		t.Error(err)
	}
}

func TestTheChecksumAloneIsEnoughOnRequestOnly(t *testing.T) {
	t.Parallel()
	s := openShop(t, mirror.Archive{})
	s.resign(t, []byte("nonsense"))
	s.config.ChecksumOnly = true
	origin, err := s.install(t, "latest")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"sha256"}, origin.Verified); diff != "" {
		t.Errorf("verified (-want +got):\n%s", diff)
	}
}

// What answers in the place of a mirror is as good as no answer: the next source is asked.
func TestAnUnreachableSourceGivesWay(t *testing.T) {
	t.Parallel()
	html := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!DOCTYPE html><title>Please log in</title>"))
	}
	all := func(answer http.HandlerFunc) func(http.Handler) http.Handler {
		return func(http.Handler) http.Handler { return answer }
	}
	for name, middleware := range map[string]func(http.Handler) http.Handler{
		"refused":                all(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) }),
		"no such page":           all(http.NotFound),
		"a portal":               all(func(w http.ResponseWriter, r *http.Request) { html(w) }),
		"a page for the archive": onArchive(func(w http.ResponseWriter, r *http.Request, _ http.Handler) { html(w) }),
		"no archive":             onArchive(func(w http.ResponseWriter, r *http.Request, _ http.Handler) { http.NotFound(w, r) }),
		"a list without end":     all(func(w http.ResponseWriter, r *http.Request) { endless(w) }),
		"a redirect out of TLS": all(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}),
		"a redirect in a circle":    all(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }),
		"the list names no archive": all(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(`[]`)) }),
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t, mirror.Archive{}, middleware)
			_, err := s.install(t, "1.26.3")
			wantCode(t, err, fetch.Unreachable)
			if left := s.leftovers(t); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
			asked := new(atomic.Bool)
			second := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Store(true)
				http.NotFound(w, r)
			}))
			defer second.Close()
			s.config.Sources = append(s.config.Sources, fetch.Module)
			s.config.Go.Proxy = second.URL
			_, err = s.install(t, "1.26.3")
			wantCode(t, err, fetch.Unreachable)
			if !asked.Load() {
				t.Error("the second source was not asked")
			}
		})
	}
}

func endless(w http.ResponseWriter) {
	for {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			return
		}
	}
}

func TestARedirectToAnotherHostIsFollowed(t *testing.T) {
	t.Parallel()
	storage := openShop(t, mirror.Archive{})
	s := openShop(t, mirror.Archive{}, onArchive(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, strings.TrimSuffix(storage.config.Base, "/dl")+r.URL.Path, http.StatusFound)
	}))
	both := string(read(t, s.config.CAFile)) + string(read(t, storage.config.CAFile))
	s.config.CAFile = writeFile(t, "both.pem", []byte(both))
	if _, err := s.install(t, "1.26.3"); err != nil {
		t.Error(err)
	}
}

func TestACertificateThatNobodyVouchesForIsRefusedWithAHint(t *testing.T) {
	t.Parallel()
	s := openShop(t, mirror.Archive{})
	s.config.CAFile = ""
	_, err := s.install(t, "1.26.3")
	if e := wantError(t, err, fetch.Unreachable); !strings.Contains(e.Hint, "--ca-file") {
		t.Errorf("hint = %q", e.Hint)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestWhatDoesNotExistIsNamedTogetherWithWhatDoes(t *testing.T) {
	t.Parallel()
	s := openShop(t, mirror.Archive{})
	_, err := s.install(t, "1.26.9")
	if e := wantError(t, err, fetch.NoVersion); e.Hint != "there are 1.26.3" {
		t.Errorf("hint = %q", e.Hint)
	}
	w, err := fetch.ParseWish("1.26.3")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.config.Resolve(t.Context(), w, "riscv64")
	if e := wantError(t, err, fetch.NoBuild); e.Hint != "it was built for amd64" {
		t.Errorf("hint = %q", e.Hint)
	}
}

func TestTheReleaseListIsAskedForOnceAnHour(t *testing.T) {
	t.Parallel()
	asked := new(atomic.Int32)
	s := openShop(t, mirror.Archive{}, func(mirror http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/dl/" {
				asked.Add(1)
			}
			mirror.ServeHTTP(w, r)
		})
	})
	for range 3 {
		if _, err := s.config.Resolve(t.Context(), fetch.Wish{}, "amd64"); err != nil {
			t.Fatal(err)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	old := time.Now().Add(-61 * time.Minute)
	lists, err := filepath.Glob(s.config.CacheDir + "/lists/*")
	if err != nil || len(lists) != 1 {
		t.Fatal(lists, err)
	}
	if err := os.Chtimes(lists[0], old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := s.config.Resolve(t.Context(), fetch.Wish{}, "amd64"); err != nil {
		t.Fatal(err)
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("asked %d times, want once more after an hour", n)
	}
}

func TestAFolderThatExistsIsNotTouched(t *testing.T) {
	t.Parallel()
	s := openShop(t, mirror.Archive{})
	if err := os.MkdirAll(s.dir()+"/mine", 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := s.install(t, "1.26.3"); err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("error = %v", err)
	}
	if _, err := os.Stat(s.dir() + "/mine"); err != nil {
		t.Error(err)
	}
}
