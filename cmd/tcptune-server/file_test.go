package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// None of these may hold up the start of a server, or its reload.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	fifo, link, large := filepath.Join(dir, "fifo"), filepath.Join(dir, "link"), filepath.Join(dir, "large")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("fifo", link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(large, make([]byte, 100<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		fifo: "not a regular file", link: "not a regular file", dir: "not a regular file", "/dev/zero": "not a regular file",
		large: "more than", filepath.Join(dir, "none"): "no such file",
	} {
		var l limits
		if err := l.readFile(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("limits %s: got %v, want %q", path, err, want)
		}
		if _, err := newCertificate(options{tlsCert: path, tlsKey: path}, nil); err == nil || !strings.Contains(err.Error(), want) {
			if path != large { // a chain may be longer than that
				t.Errorf("certificate %s: got %v, want %q", path, err, want)
			}
		}
	}
}
