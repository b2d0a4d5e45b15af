package fetch_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/test/mirror"
)

// listed stands before a mirror and answers in the place of its list.
func listed(answer http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/dl/" {
				answer(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// What mirrors have that are a copy of the files: no list, or the page of a folder.
func noLists() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"nothing":       http.NotFound,
		"not for you":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"a folder":      func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html><a href=x>go1.26.3</a>")) },
		"other JSON":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"files": []}`)) },
		"an empty list": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[]`)) },
	}
}

// What mirrors have whose list is old, or was made by somebody who needed less of it.
func thinLists() map[string]http.HandlerFunc {
	answers := map[string]http.HandlerFunc{}
	for name, text := range map[string]string{
		"an old list": `[{"version":"go1.22.1","files":[]}]`,
		"no files":    `[{"version":"go1.26.3"}]`,
		"no sums": `[{"version":"go1.26.3","files":[{"filename":"go1.26.3.linux-amd64.tar.gz","os":"linux","arch":"amd64",
			"kind":"archive","size":1}]}]`,
		"no size": `[{"version":"go1.26.3","files":[{"filename":"go1.26.3.linux-amd64.tar.gz","os":"linux","arch":"amd64",
			"kind":"archive","sha256":"` + strings.Repeat("0", 64) + `"}]}]`,
	} {
		answers[name] = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
	}
	return answers
}

func TestAMirrorWithoutAListHasAnExactReleaseByItsSignature(t *testing.T) {
	t.Parallel()
	answers := noLists()
	maps.Copy(answers, thinLists())
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, mirror.Archive{}, listed(answer))
			origin, err := s.install(t, "1.26.3")
			if err != nil {
				t.Fatal(err)
			}
			if len(origin.Verified) != 1 || !strings.HasPrefix(origin.Verified[0], "signature by ") {
				t.Errorf("verified by %q, want the signature alone", origin.Verified)
			}
			if !strings.HasPrefix(origin.Digest, "sha256:") {
				t.Errorf("digest %q", origin.Digest)
			}
		})
	}
}

func TestAMirrorWithoutAListCannotSayWhatIsTheLatest(t *testing.T) {
	t.Parallel()
	for _, wish := range []string{"latest", "1.26", "1.26.4"} {
		s := openShop(t, mirror.Archive{}, listed(http.NotFound))
		_, err := s.install(t, wish)
		wantCode(t, err, fetch.Unreachable)
	}
	s := openShop(t, mirror.Archive{}, listed(http.NotFound))
	s.config.ChecksumOnly = true // of what?
	_, err := s.install(t, "1.26.3")
	wantCode(t, err, fetch.Unreachable)
}

// Signed as it is, an archive under the name of another release is none.
func TestAMirrorWithoutAListCannotServeAnotherRelease(t *testing.T) {
	t.Parallel()
	s := openShop(t, mirror.Archive{Data: pack(t, toolchain("go1.22.5", 0)...)}, listed(http.NotFound))
	_, err := s.install(t, "1.26.3")
	wantCode(t, err, fetch.Unverified)
}

func TestSeveralMirrorsAreTriedInTurn(t *testing.T) {
	t.Parallel()
	s := openShop(t, mirror.Archive{})
	good := s.config.Base
	gone := strings.Replace(good, "/dl", "/gone", 1)
	s.config.Base = gone + ", " + good + "/"
	w, err := fetch.ParseWish("1.26.3")
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.config.Resolve(t.Context(), w, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Passed) != 1 || !strings.Contains(r.Passed[0].Error(), gone) || !strings.Contains(r.Passed[0].Error(), "404") {
		t.Errorf("passed over: %v, want %s with its reason", r.Passed, gone)
	}
	origin, err := s.config.Fetch(t.Context(), r, "amd64", s.dir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(good+"/go1.26.3.linux-amd64.tar.gz", origin.URL); diff != "" {
		t.Error(diff)
	}
}

// The signature of an old release is as good as ever: only another source tells that there is a newer one.
func TestAMirrorThatIsBehindIsNamed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		version, wish string
		named         bool
	}{
		"latest":     {"go1.25.0", "latest", true},
		"a series":   {"go1.26.2", "1.26", true},
		"not behind": {"go1.26.3", "latest", false},
		"exactly":    {"go1.25.0", "1.25.0", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := openModuleShop(t)
			s := openShop(t, mirror.Archive{Version: tc.version, Arch: "amd64", Data: pack(t, toolchain(tc.version, 0)...)})
			s.config.Sources, s.config.Go = []string{fetch.Download, fetch.Module}, m.config.Go
			w, err := fetch.ParseWish(tc.wish)
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.config.Resolve(t.Context(), w, "amd64")
			if err != nil {
				t.Fatal(err)
			}
			named := len(r.Doubts) == 1 && strings.Contains(r.Doubts[0], "is behind") && strings.Contains(r.Doubts[0], s.config.Base)
			if named != tc.named {
				t.Errorf("Go %s for %s: %q", r.Version, tc.wish, r.Doubts)
			}
		})
	}
}

// A proxy has what somebody has asked it for. Its latest is compared with what the sources behind it have.
func TestAModuleProxyThatIsBehindIsNamed(t *testing.T) {
	t.Parallel()
	for version, named := range map[string]bool{"go1.27.0": true, "go1.26.3": false} {
		m := openModuleShop(t)
		s := openShop(t, mirror.Archive{Version: version, Arch: "amd64", Data: pack(t, toolchain(version, 0)...)})
		s.config.Sources, s.config.Go = []string{fetch.Module, fetch.Download}, m.config.Go
		r, err := s.config.Resolve(t.Context(), fetch.Wish{}, "amd64")
		if err != nil {
			t.Fatal(err)
		}
		said := len(r.Doubts) == 1 && strings.HasPrefix(r.Doubts[0], "the source module is behind")
		if r.Source != fetch.Module || said != named {
			t.Errorf("%s on the mirror: %s from %s, %q", version, r.Version, r.Source, r.Doubts)
		}
	}
}

// A mirror without the signature proves nothing, and forges nothing: the next one is asked.
func TestAMirrorWithoutTheSignatureGivesWay(t *testing.T) {
	t.Parallel()
	unsigned := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/thin") {
				r.URL.Path = "/dl" + strings.TrimPrefix(r.URL.Path, "/thin")
				if strings.HasSuffix(r.URL.Path, ".asc") {
					http.NotFound(w, r)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
	s := openShop(t, mirror.Archive{}, unsigned)
	good := s.config.Base
	thin := strings.Replace(good, "/dl", "/thin", 1)
	s.config.Base = thin + "," + good
	origin, err := s.install(t, "1.26.3")
	if err != nil || !strings.HasPrefix(origin.URL, good) {
		t.Errorf("from %q: %v", origin.URL, err)
	}
	s = openShop(t, mirror.Archive{}, unsigned)
	s.config.Base = strings.Replace(s.config.Base, "/dl", "/thin", 1)
	s.config.Base += "," + strings.Replace(s.config.Base, "/thin", "/gone", 1)
	_, err = s.install(t, "1.26.3")
	if e := wantError(t, err, fetch.Unverified); !strings.Contains(e.Error(), "404") {
		t.Errorf("it does not say why the others do not do: %v", e)
	}
}

// The comparison is a comfort: a source that does not answer delays it by seconds at most.
func TestTheComparisonWaitsForNobody(t *testing.T) {
	t.Parallel()
	silent := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	}
	m := openModuleShop(t, silent)
	s := openShop(t, mirror.Archive{})
	s.config.Sources, s.config.Go = []string{fetch.Download, fetch.Module}, m.config.Go
	began := time.Now()
	if _, err := s.install(t, "latest"); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}
