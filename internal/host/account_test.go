package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// accounts is an image with a passwd and a group.
func accounts(t *testing.T) Host {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/root:/bin/sh\nbroken:x:1000\nodd:x:-1:5::/:/bin/sh\n" +
			"alice:x:1000:1001:Alice,,,:/home/alice:/usr/bin/zsh\n",
		"etc/group": "root:x:0:\nsudo:x:27:bob,alice\nalice:x:1001:\nal:x:1002:alic,malice\ndocker:x:999:alice\nbroken:x:alice\n",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "etc"), 0o755), os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	h, err := At(dir)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestTheCallerIsWhoHasCalledSudo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: SUDO_USER counts for root alone")
	}
	want := Account{Name: "alice", Home: "/home/alice", Shell: "/usr/bin/zsh", UID: 1000, GID: 1001, Groups: []int{27, 999}}
	got, err := accounts(t).Caller("alice")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]error{"": ErrRoot, "root": ErrRoot, "toor": ErrRoot, "nobody": fs.ErrNotExist, "broken": fs.ErrNotExist, "odd": fs.ErrNotExist} {
		if got, err := accounts(t).Caller(name); !errors.Is(err, want) {
			t.Errorf("%q: got %+v, %v, want %v", name, got, err, want)
		}
	}
}
