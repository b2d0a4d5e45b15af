package faults

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// toolchain writes the archive of a Go that knows just the commands with which it is tried out, and returns the flags
// that install it.
func toolchain(t testing.TB, dir, version string) []string {
	t.Helper()
	program := fmt.Sprintf(`#!/bin/sh
case $1 in
version) echo go version go%[1]s linux/%[2]s ;;
build) printf '#!/bin/sh\necho go%[1]s\n' >"$3" && chmod 755 "$3" ;;
*) exit 2 ;;
esac
`, version, runtime.GOARCH)
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	tw := tar.NewWriter(zw)
	for _, f := range []struct {
		name, text string
		mode       int64
	}{
		{"go/VERSION", "go" + version + "\n", 0o644},
		{"go/bin/go", program, 0o755},
		{"go/bin/gofmt", program, 0o755},
	} {
		if err := tw.WriteHeader(&tar.Header{
			Name: f.name, Mode: f.mode, Size: int64(len(f.text)),
			Typeflag: tar.TypeReg,
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, fmt.Sprintf("go%s.linux-%s.tar.gz", version, runtime.GOARCH))
	if err := os.WriteFile(file, packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return []string{"go", "install", "--file", file, "--sha256", fmt.Sprintf("%x", sha256.Sum256(packed.Bytes()))}
}

// handmade puts a toolchain where Go's own instructions have it.
const handmade = `mkdir -p /usr/local/go/bin
echo go1.50.0 >/usr/local/go/VERSION
printf '#!/bin/sh\necho go version go1.50.0\n' >/usr/local/go/bin/go
chmod 755 /usr/local/go/bin/go
ln -s ../go/bin/go /usr/local/bin/go`

// toolchainLab has the states of a host with Go, and what leads from one to another.
func toolchainLab(t testing.TB, program string) (lab, []scenario) {
	t.Helper()
	dir := t.TempDir()
	one, two := toolchain(t, dir, "1.99.1"), toolchain(t, dir, "1.99.2")
	byHand := []string{"sh", "-ec", handmade}
	damage := []string{"sh", "-ec", "rm /usr/local/lib/tcptune/go/1.99.1/bin/go"}
	use, back := []string{"go", "use", "1.99.1"}, []string{"go", "rollback"}
	remove, removeAll := []string{"go", "remove", "1.99.1"}, []string{"go", "remove", "--all"}
	l := lab{
		program: program, status: []string{"go", "list"}, probe: []string{"/usr/local/bin/go", "version"},
		whole: lab.works, partial: lab.leavesOnlyNamed, every: 20,
	}
	l.states = map[string][][]string{
		"none": {}, "one": {one}, "two": {one, two}, "one of two": {one, two, use}, "back": {one, two, back},
		"second alone": {one, two, remove},
		"by hand":      {byHand}, "kept": {byHand, one}, "by hand again": {byHand, one, back},
		"damaged": {one, damage}, "repaired": {one, damage, one},
	}
	l.open(t)
	// Any command that changes a host repairs it first; revert has nothing else to do here.
	repair := func(states ...string) next { return next{[]string{"revert"}, map[int][]string{0: states}} }
	return l, []scenario{
		{"the first Go", "none", "one", one, []next{{one, map[int][]string{0: {"one"}}}, repair("none", "one")}},
		{"a second Go", "one", "two", two, []next{{two, map[int][]string{0: {"two"}}}, repair("one", "two")}},
		{
			"a Go in place of a folder", "by hand", "kept", one,
			[]next{{one, map[int][]string{0: {"kept"}}}, repair("by hand", "kept")},
		},
		{
			"the repair of a damaged Go", "damaged", "repaired", one,
			[]next{{one, map[int][]string{0: {"repaired"}}}, repair("damaged", "repaired")},
		},
		{"use", "two", "one of two", use, []next{{use, map[int][]string{0: {"one of two"}}}}},
		{"rollback to a version", "two", "back", back, []next{repair("two", "back")}},
		{"rollback to a folder", "kept", "by hand again", back, []next{repair("kept", "by hand again")}},
		{"remove", "two", "second alone", remove, []next{
			// Killed after its last write, it has removed it, and there is nothing left to remove.
			{remove, map[int][]string{0: {"second alone"}, 1: {"second alone"}}}, repair("two", "second alone"),
		}},
		{
			"remove --all", "kept", "by hand", removeAll,
			[]next{{removeAll, map[int][]string{0: {"by hand"}}}, repair("kept", "by hand")},
		},
	}
}

// works checks that there is a Go which runs: the one from before or the one that was wanted. Where there was none, or
// is to be none, there may be none.
func (l lab) works(_ state, r result, sc scenario) error {
	for _, at := range []string{sc.from, sc.to} {
		if want := l.rest[at].probe; r.out == want.out && (r.code == 0) == (want.code == 0) {
			return nil
		}
	}
	return fmt.Errorf("go version: %s", r)
}

// leavesOnlyNamed holds a partial outcome to what it named: all is as wanted, but for files and folders that could not
// be removed.
func (l lab) leavesOnlyNamed(got state, sc scenario, r result) error {
	want := l.rest[sc.to].state
	for name := range got {
		_, file, _ := strings.Cut(name, " ")
		above := func(word string) bool {
			return strings.HasPrefix(word, "/") && strings.HasPrefix(file, strings.TrimRight(word, ":"))
		}
		if got[name] != want[name] && !slices.ContainsFunc(strings.Fields(r.err), above) {
			return fmt.Errorf("partial, but %s is %q, want %q: %s", name, got[name], want[name], r)
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			return fmt.Errorf("partial, but %s is gone: %s", name, r)
		}
	}
	return nil
}

// switching are those of some points at which a host is changed. What is fetched, tried out or thrown away lies aside,
// and several goroutines have written it in an order of their own.
func switching(of func(call) bool) func(call) bool {
	return func(c call) bool {
		// fchmodat2(2) belongs to unpacking, and an older strace cannot read it.
		return of(c) && !strings.HasPrefix(c.name, "syscall_") &&
			!slices.ContainsFunc(c.paths, func(p string) bool { return strings.HasPrefix(p, "/usr/local/lib/tcptune/go/.") })
	}
}

func TestKillWhileGoIsSwitched(t *testing.T) {
	l, scenarios := toolchainLab(t, program(t))
	l.killed(t, scenarios, switching(deadly), "at each step of a change of Go")
}

func TestErrorWhileGoIsSwitched(t *testing.T) {
	l, scenarios := toolchainLab(t, program(t))
	// Files do not mind which it is; a full disk and a broken one are what happens.
	l.failed(t, scenarios, switching(fails), []string{"ENOSPC", "EROFS"}, "at each step of a change of Go")
}
