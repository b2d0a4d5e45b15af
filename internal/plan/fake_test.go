package plan

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// fakeKernel stands in for /proc/sys where a test needs a kernel that refuses, clamps or tears a write, which a real
// one does only in environments that this machine cannot have all at once. The real one is tested in a network
// namespace.
type fakeKernel struct {
	knobEffect
	values  map[string]string
	refuse  map[string]error  // the write fails, nothing changes
	clamp   map[string]string // the write succeeds with another value
	tear    map[string]bool   // the write fails after the first field
	writes  []string
	fragile map[string]bool // refuses every write after the first
}

func (k *fakeKernel) observe(_ context.Context, key string) (*string, error) {
	v, ok := k.values[key]
	switch {
	case !ok:
		return nil, nil
	case v == "EIO":
		return nil, unix.EIO
	}
	return &v, nil
}

func (k *fakeKernel) write(_ context.Context, key string, value *string, _ fs.FileMode) error {
	k.writes = append(k.writes, key+"="+*value)
	if err := k.refuse[key]; err != nil {
		return &fs.PathError{Op: "write", Path: key, Err: err}
	}
	if k.tear[key] {
		delete(k.tear, key)
		now, want := strings.Fields(k.values[key]), strings.Fields(*value)
		now[0] = want[0]
		k.values[key] = strings.Join(now, "\t")
		if k.fragile[key] {
			k.refuse = map[string]error{key: unix.EIO}
		}
		return &fs.PathError{Op: "write", Path: key, Err: unix.EINVAL}
	}
	if v, ok := k.clamp[key]; ok && *value != k.values[key] {
		delete(k.clamp, key)
		k.values[key] = v
		return nil
	}
	k.values[key] = strings.Join(strings.Fields(*value), "\t")
	return nil
}

// newSession returns a session on an image with a fake kernel in place of the one that it lacks.
func newSession(t *testing.T, values map[string]string) (*Session, *fakeKernel) {
	t.Helper()
	h, err := host.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return reopen(t, h, &fakeKernel{values: values})
}

func reopen(t *testing.T, h host.Host, k *fakeKernel) (*Session, *fakeKernel) {
	t.Helper()
	l, err := lock(t.Context(), h, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := &Session{h: h, effects: effectors(h), lock: l, units: reloaderOf(h)}
	s.effects[report.Knob] = k
	t.Cleanup(s.Close)
	if err := s.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, k
}

func ptr(s string) *string { return &s }

func knob(key, before, after string) Change {
	return Change{Change: report.Change{Kind: report.Knob, Target: key, Before: ptr(before), After: ptr(after), Status: report.Planned}}
}

func newFile(path, content string) Change {
	return Change{Change: report.Change{Kind: report.File, Target: path, After: ptr(content), Status: report.Planned, Required: true}}
}

func newFolder(path string) Change {
	return Change{Change: report.Change{Kind: report.Folder, Target: path, After: ptr("0755"), Status: report.Planned, Required: true}}
}

// cancellingKernel cancels a context after some writes, as a SIGINT does.
type cancellingKernel struct {
	*fakeKernel
	after  int
	cancel context.CancelFunc
}

func (k *cancellingKernel) write(ctx context.Context, key string, value *string, mode fs.FileMode) error {
	err := k.fakeKernel.write(ctx, key, value, mode)
	if len(k.writes) == k.after {
		k.cancel()
	}
	return err
}

func cancelAfter(t *testing.T, s *Session, k *fakeKernel, writes int) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	s.effects[report.Knob] = &cancellingKernel{k, writes, cancel}
	return ctx
}
