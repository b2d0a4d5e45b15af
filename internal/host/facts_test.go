package host

import (
	"os"
	"path/filepath"
	"testing"
)

// tree makes a root of the given files, whose names are logical paths. A name that ends in / is a folder; a text that
// begins with "-> " is a link.
func tree(t *testing.T, files map[string]string) Host {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		p := filepath.Join(root, name)
		var err error
		if name[len(name)-1] == '/' {
			err = os.MkdirAll(p, 0o755)
		} else if err = os.MkdirAll(filepath.Dir(p), 0o755); err == nil {
			if len(text) > 3 && text[:3] == "-> " {
				err = os.Symlink(text[3:], p)
			} else {
				err = os.WriteFile(p, []byte(text), 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	h, err := At(root)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
