package host

import (
	"bytes"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Many write a file at once: each succeeds, whoever reads meanwhile gets one of them whole, and nothing else is left.
func TestWriteSharedNeedsNoLock(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	mustMkdir(t, h, "/etc")
	text := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i)}, 4096*(i+1)) }
	whole := func(data []byte) bool { return len(data) > 0 && bytes.Equal(data, text(int(data[0]-'a'))) }
	if err := h.WriteShared("/etc/f", text(0), 0o600); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			for range 30 {
				if err := h.WriteShared("/etc/f", text(i), 0o644); err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
				if got, err := h.ReadFile("/etc/f"); err != nil || !whole(got) {
					t.Errorf("reader %d: %d bytes, %v", i, len(got), err)
				}
			}
		})
	}
	writers.Wait()
	if fi, err := h.Lstat("/etc/f"); err != nil || fi.Mode() != 0o644 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	if names, _ := h.ReadDir("/etc"); !cmp.Equal(names, []string{"f"}) {
		t.Errorf("folder holds %v", names)
	}
}
