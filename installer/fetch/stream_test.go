package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/test/mirror"
)

const noise = 4 << 20 // bytes of the archive, in tests where its length matters

func TestADownloadThatBreaksEveryMegabyteComesToItsEnd(t *testing.T) {
	t.Parallel()
	connections := new(atomic.Int32)
	s := openShop(t, mirror.Archive{Data: pack(t, toolchain("go1.26.3", noise)...)},
		onArchive(func(w http.ResponseWriter, r *http.Request, mirror http.Handler) {
			connections.Add(1)
			mirror.ServeHTTP(&breaking{w, 1 << 20}, r)
		}))
	if _, err := s.install(t, "1.26.3"); err != nil {
		t.Fatal(err)
	}
	if n := connections.Load(); n < 4 {
		t.Errorf("%d connections, want one for each megabyte", n)
	}
}

// A process that was ended, or has given up, leaves what it has for the next one.
func TestATruncatedDownloadIsResumed(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var ranges []string
	broken, tag := new(atomic.Bool), ""
	broken.Store(true)
	s := openShop(t, mirror.Archive{Data: pack(t, toolchain("go1.26.3", noise)...)},
		onArchive(func(w http.ResponseWriter, r *http.Request, mirror http.Handler) {
			mu.Lock()
			defer mu.Unlock()
			first := len(ranges) == 0
			ranges = append(ranges, r.Header.Get("Range")+" "+r.Header.Get("If-Range"))
			switch {
			case !broken.Load():
				mirror.ServeHTTP(w, r)
				tag = w.Header().Get("ETag")
			case first:
				mirror.ServeHTTP(&breaking{w, 3 << 20}, r)
			default:
				panic(http.ErrAbortHandler)
			}
		}))
	_, err := s.install(t, "1.26.3")
	wantCode(t, err, fetch.Unreachable)
	if left := s.leftovers(t); len(left) != 2 || !strings.HasSuffix(left[0], ".part") {
		t.Fatalf("left: %q, want the partial file and its validator", left)
	}
	broken.Store(false)
	ranges = nil
	if _, err := s.install(t, "1.26.3"); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("bytes=%d- %s", 3<<20, tag); len(ranges) != 1 || ranges[0] != want {
		t.Errorf("asked for %q, want %q", ranges, want)
	}
	if left := s.leftovers(t); len(left) != 1 {
		t.Errorf("left: %q", left)
	}
}

func TestWhatIsLeftOfAnotherArchiveIsNotContinued(t *testing.T) {
	t.Parallel()
	today := new(atomic.Bool)
	s := openShop(t, mirror.Archive{Data: pack(t, toolchain("go1.26.3", noise)...)},
		onArchive(func(w http.ResponseWriter, r *http.Request, mirror http.Handler) {
			if today.Load() {
				mirror.ServeHTTP(w, r)
				return
			}
			if r.Header.Get("Range") != "" {
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("ETag", `"another"`)
			_, _ = io.WriteString(&breaking{w, 1 << 20}, strings.Repeat("x", 2<<20))
		}))
	_, err := s.install(t, "1.26.3")
	wantCode(t, err, fetch.Unreachable)
	today.Store(true)
	if _, err := s.install(t, "1.26.3"); err != nil {
		t.Error(err)
	}
}

func TestAServerThatCannotContinueStartsAgain(t *testing.T) {
	t.Parallel()
	requests := new(atomic.Int32)
	data := pack(t, toolchain("go1.26.3", noise)...)
	s := openShop(t, mirror.Archive{Data: data}, onArchive(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		if requests.Add(1) < 3 {
			w = &breaking{w, 1 << 20}
		}
		_, _ = w.Write(data)
	}))
	if _, err := s.install(t, "1.26.3"); err != nil {
		t.Fatal(err)
	}
	requests.Store(-1000)
	again := s
	again.room = t.TempDir()
	_, err := again.install(t, "1.26.3")
	wantCode(t, err, fetch.Unreachable)
	if left := again.leftovers(t); len(left) > 0 {
		t.Errorf("left: %q, want nothing that has no validator", left)
	}
}

// A silent server and one that sends a byte now and then are given up alike.
func TestASlowServerIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, pause := range map[string]time.Duration{"slow loris": 20 * time.Millisecond, "silent": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, mirror.Archive{}, onArchive(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				w.Header().Set("ETag", `"x"`)
				for range 100000 {
					_, err := w.Write([]byte{0x1f})
					if err = errors.Join(err, http.NewResponseController(w).Flush()); err != nil {
						return
					}
					select {
					case <-time.After(pause):
					case <-r.Context().Done():
						return
					}
				}
			}))
			r, err := s.config.Resolve(t.Context(), fetch.Wish{}, "amd64")
			if err != nil {
				t.Fatal(err)
			}
			s.config.Patience = time.Second // for a handshake too
			_, err = s.config.Fetch(t.Context(), r, "amd64", s.dir(), nil)
			if e := wantError(t, err, fetch.Unreachable); !strings.Contains(e.Error(), "too slowly") {
				t.Errorf("error = %q", e)
			}
		})
	}
}

func TestACancelledDownloadEndsAtOnce(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{})
	s := openShop(t, mirror.Archive{}, onArchive(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_ = http.NewResponseController(w).Flush()
		close(reached)
		<-r.Context().Done()
	}))
	s.config.Patience = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-reached
		cancel()
	}()
	r, err := s.config.Resolve(ctx, fetch.Wish{}, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.config.Fetch(ctx, r, "amd64", s.dir(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that it was cancelled", err)
	}
	if left := s.leftovers(t); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func TestProgressEndsAtTheSizeOfTheArchive(t *testing.T) {
	t.Parallel()
	s := openShop(t, mirror.Archive{Data: pack(t, toolchain("go1.26.3", noise)...)})
	r, err := s.config.Resolve(t.Context(), fetch.Wish{}, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	var last fetch.Progress
	if _, err := s.config.Fetch(t.Context(), r, "amd64", s.dir(), func(p fetch.Progress) { last = p }); err != nil {
		t.Fatal(err)
	}
	size := int64(len(s.archive.Data))
	if want := (fetch.Progress{Source: "download", Phase: "download", Done: size, Total: size}); last != want {
		t.Errorf("last progress = %+v, want %+v", last, want)
	}
}
