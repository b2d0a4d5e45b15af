package host

import (
	"os"
	"path/filepath"
	"testing"
)

// Whoever can write to a file, to a folder above it or to a link on the way says what is in it.
func TestWhatOthersCanChangeIsNotRootsAlone(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give something to another user")
	}
	for name, tt := range map[string]struct {
		make func(root string) error
		want bool
	}{
		"all of it is root's":    {func(string) error { return nil }, true},
		"the file is a user's":   {func(root string) error { return os.Chown(root+"/opt/go/go.env", 1000, 0) }, false},
		"all may write to it":    {func(root string) error { return os.Chmod(root+"/opt/go/go.env", 0o666) }, false},
		"a group may":            {func(root string) error { return os.Chmod(root+"/opt/go/go.env", 0o664) }, false},
		"its folder is a user's": {func(root string) error { return os.Chown(root+"/opt/go", 1000, 0) }, false},
		"all may write above":    {func(root string) error { return os.Chmod(root+"/opt", 0o777) }, false},
		"a folder like /tmp":     {func(root string) error { return os.Chmod(root+"/opt", 0o777|os.ModeSticky) }, true},
		"it is gone":             {func(root string) error { return os.Remove(root + "/opt/go/go.env") }, false},
		"the link to it is a user's": {func(root string) error {
			return os.Lchown(root+"/usr/go", 1000, 0)
		}, false},
		"the link leads through a user's folder": {func(root string) error {
			return os.Chown(root+"/home", 1000, 0)
		}, false},
		"the links lead nowhere": {func(root string) error {
			if err := os.Remove(root + "/home/go"); err != nil {
				return err
			}
			return os.Symlink("../usr/go", root+"/home/go")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for _, dir := range []string{"opt/go", "usr", "home"} {
				if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(root+"/opt/go/go.env", nil, 0o644); err != nil {
				t.Fatal(err)
			}
			for link, text := range map[string]string{"usr/go": "../home/go", "home/go": "/opt/go"} {
				if err := os.Symlink(text, filepath.Join(root, link)); err != nil {
					t.Fatal(err)
				}
			}
			if err := tt.make(root); err != nil {
				t.Fatal(err)
			}
			h, err := At(root)
			if err != nil {
				t.Fatal(err)
			}
			if got := h.OnlyRoots("/usr/go/go.env"); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
