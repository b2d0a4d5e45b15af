package fetch_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/sumdb/note"

	"github.com/tcptune/tcptune/installer/fetch"
)

const (
	modulePath    = "golang.org/toolchain"
	moduleVersion = "v0.0.1-go1.26.3.linux-amd64"
)

// moduleShop is a module proxy that also passes questions on to a checksum database of its own.
type moduleShop struct {
	shop
	zip []byte
	db  http.Handler
}

// openModuleShop serves one version. The middleware stands before the proxy.
func openModuleShop(t *testing.T, middleware ...func(http.Handler) http.Handler) *moduleShop {
	t.Helper()
	s := &moduleShop{zip: moduleZip(t, "go1.26.3")}
	db, key := newDatabase(t, hashOf(t, s.zip))
	s.db = db
	mux := http.NewServeMux()
	at := "GET /" + modulePath + "/@v/"
	mux.HandleFunc(at+"list", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "v0.0.1-go1.9rc2.windows-amd64\n%s\nv0.0.1-go1.25.1.linux-arm64\nv0.0.1-go1.27rc1.linux-amd64\n", moduleVersion)
	})
	mux.HandleFunc(at+moduleVersion+".info", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, `{"Version":%q}`, moduleVersion) })
	mux.HandleFunc(at+moduleVersion+".zip", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(s.zip) })
	mux.HandleFunc("GET /sumdb/test.example/supported", func(w http.ResponseWriter, r *http.Request) {})
	mux.Handle("GET /sumdb/test.example/", http.StripPrefix("/sumdb/test.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.db.ServeHTTP(w, r) })))
	handler := http.Handler(mux)
	for _, m := range middleware {
		handler = m(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s.room = t.TempDir()
	s.config = fetch.Config{
		Sources: []string{fetch.Module}, Go: fetch.GoEnv{Proxy: server.URL + ",direct", SumDB: key}, CacheDir: t.TempDir(), Patience: 3 * time.Second,
	}
	return s
}

// newDatabase is a real checksum database, with a tree and a key, in which every module has the same sum.
func newDatabase(t *testing.T, sum string) (http.Handler, string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "test.example")
	if err != nil {
		t.Fatal(err)
	}
	ops := sumdb.NewTestServer(private, func(path, version string) ([]byte, error) {
		return fmt.Appendf(nil, "%s %s %s\n%s %s/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", path, version, sum, path, version), nil
	})
	return sumdb.NewServer(ops), public
}

func moduleZip(t *testing.T, version string) []byte {
	t.Helper()
	var data bytes.Buffer
	w := zip.NewWriter(&data)
	for name, content := range map[string]string{"VERSION": version + "\n", "bin/go": "#!/bin/sh\n", "src/_go.mod": "module std\n"} {
		f, err := w.Create(modulePath + "@" + moduleVersion + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

func hashOf(t *testing.T, data []byte) string {
	t.Helper()
	sum, err := dirhash.HashZip(writeFile(t, "m.zip", data), dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestAModuleIsProvenByTheChecksumDatabase(t *testing.T) {
	t.Parallel()
	s := openModuleShop(t)
	origin, err := s.install(t, "latest")
	if err != nil {
		t.Fatal(err)
	}
	want := fetch.Origin{
		Source: "module", URL: strings.TrimSuffix(s.config.Go.Proxy, ",direct") + "/" + modulePath + "/@v/" + moduleVersion + ".zip",
		Digest: hashOf(t, s.zip), Verified: []string{"checksum database test.example"},
	}
	if diff := cmp.Diff(want, origin); diff != "" {
		t.Errorf("origin (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(s.dir() + "/src/go.mod"); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{s.dir()}, s.leftovers(t)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func TestAModuleThatIsNotProvenLeavesNothing(t *testing.T) {
	t.Parallel()
	replaced := func(part string, answer http.HandlerFunc) func(http.Handler) http.Handler {
		return func(proxy http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, part) {
					answer(w, r)
					return
				}
				proxy.ServeHTTP(w, r)
			})
		}
	}
	for name, tt := range map[string]struct {
		middleware func(http.Handler) http.Handler
		change     func(*testing.T, *moduleShop)
		code       string
	}{
		"another module":             {change: func(t *testing.T, s *moduleShop) { s.zip = moduleZip(t, "go1.26.2") }, code: fetch.Unverified},
		"switched off":               {change: func(t *testing.T, s *moduleShop) { s.config.Go.SumDB = "off" }, code: fetch.NoDatabase},
		"taken out":                  {change: func(t *testing.T, s *moduleShop) { s.config.Go.NoSumDB = "example.com,golang.org/*" }, code: fetch.NoDatabase},
		"a database without a key":   {change: func(t *testing.T, s *moduleShop) { s.config.Go.SumDB = "sum.example.com" }, code: fetch.NoDatabase},
		"another database":           {change: func(t *testing.T, s *moduleShop) { s.db, _ = newDatabase(t, hashOf(t, s.zip)) }, code: fetch.Unverified},
		"an empty answer":            {middleware: replaced("/lookup/", func(w http.ResponseWriter, r *http.Request) {}), code: fetch.Unverified},
		"a record of something else": {change: func(t *testing.T, s *moduleShop) { s.db = renamed(s.db) }, code: fetch.Unverified},
		"not known":                  {middleware: replaced("/lookup/", http.NotFound), code: fetch.Unverified},
		"tiles are missing":          {middleware: replaced("/tile/", http.NotFound), code: fetch.Unverified},
		"tiles are wrong": {
			middleware: replaced("/tile/", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 32)) }),
			code:       fetch.Unverified,
		},
		"the database is down": {
			middleware: replaced("/lookup/", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) }),
			code:       fetch.Unreachable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var middleware []func(http.Handler) http.Handler
			if tt.middleware != nil {
				middleware = append(middleware, tt.middleware)
			}
			s := openModuleShop(t, middleware...)
			if tt.change != nil {
				tt.change(t, s)
			}
			_, err := s.install(t, "1.26.3")
			wantCode(t, err, tt.code)
			if left := s.leftovers(t); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// renamed answers every question with the record of another module, which is as well proven.
func renamed(db http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = strings.Replace(r.URL.Path, "go1.26.3", "go1.26.2", 1)
		db.ServeHTTP(w, r)
	})
}

// A database that shows us one history today and another one tomorrow is found out.
func TestADatabaseThatForgetsIsRefused(t *testing.T) {
	t.Parallel()
	s := openModuleShop(t)
	private, public, err := note.GenerateKey(rand.Reader, "test.example")
	if err != nil {
		t.Fatal(err)
	}
	history := func(sum string) http.Handler {
		return sumdb.NewServer(sumdb.NewTestServer(private, func(path, version string) ([]byte, error) {
			return fmt.Appendf(nil, "%s %s %s\n", path, version, sum), nil
		}))
	}
	s.config.Go.SumDB = public
	s.db = history(hashOf(t, s.zip))
	if _, err := s.install(t, "1.26.3"); err != nil {
		t.Fatal(err)
	}
	s.zip = moduleZip(t, "go1.26.3 ")
	s.db = history(hashOf(t, s.zip))
	s.db.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/lookup/example.com/m@v1.0.0", nil)) // its first record
	s.room = t.TempDir()
	lookups, err := filepath.Glob(s.config.CacheDir + "/sumdb/test.example/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range lookups {
		if filepath.Base(f) != "latest" {
			if err := os.RemoveAll(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, err = s.install(t, "1.26.3")
	if e := wantError(t, err, fetch.Unverified); !strings.Contains(e.Error(), "not to be trusted") {
		t.Errorf("error = %v, want that its history is another one", e)
	}
}

// https://go.dev/ref/mod#goproxy-protocol
func TestTheListOfProxiesIsFollowedAsTheGoCommandDoes(t *testing.T) {
	t.Parallel()
	answering := func(code int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }))
		t.Cleanup(server.Close)
		return server.URL
	}
	for name, tt := range map[string]struct {
		before string
		found  bool
	}{
		"not found, comma":   {answering(http.StatusNotFound) + ",", true},
		"gone, comma":        {answering(http.StatusGone) + ",", true},
		"forbidden, comma":   {answering(http.StatusForbidden) + ",", false},
		"forbidden, pipe":    {answering(http.StatusForbidden) + "|", true},
		"direct first":       {"direct,", false},
		"off first":          {"off,", false},
		"empty entries":      {" ,|, ", true},
		"no address at all":  {"proxy.example|", false},
		"files":              {"file:///srv/goproxy,", false},
		"a slash at the end": {answering(http.StatusNotFound) + "/,", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := openModuleShop(t)
			s.config.Go.Proxy = tt.before + s.config.Go.Proxy
			if _, err := s.install(t, "1.26.3"); (err == nil) != tt.found {
				t.Errorf("error = %v, want found: %v", err, tt.found)
			}
		})
	}
}

func TestThePasswordOfAProxyIsUsedAndNotShown(t *testing.T) {
	t.Parallel()
	authorized := new(atomic.Int32)
	s := openModuleShop(t, func(proxy http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, password, ok := r.BasicAuth(); !ok || user != "me" || password != "secret" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			authorized.Add(1)
			proxy.ServeHTTP(w, r)
		})
	})
	plain := s.config.Go.Proxy
	for _, password := range []string{"secret", "wrong-secret"} {
		s.config.Go.Proxy = strings.Replace(plain, "http://", "http://me:"+password+"@", 1)
		s.room = t.TempDir()
		origin, err := s.install(t, "1.26.3")
		if (err == nil) != (password == "secret") {
			t.Fatal(err)
		}
		if said := fmt.Sprint(origin, err); strings.Contains(said, "secret") {
			t.Errorf("the password is in %q", said)
		}
	}
	if authorized.Load() == 0 {
		t.Error("nothing was asked with the password")
	}
}

func TestABuildThatWasNotMadeIsNamed(t *testing.T) {
	t.Parallel()
	s := openModuleShop(t)
	_, err := s.install(t, "1.25.1") // arm64 only
	wantCode(t, err, fetch.NoBuild)
	_, err = s.install(t, "1.24.1")
	wantCode(t, err, fetch.NoVersion)
}
