package host

import (
	"os"
	"path/filepath"
	"testing"
)

// The links of /proc/PID/ns are texts, so a folder can stand for them.
func TestNamespacesAreComparedWithThoseOfPID1(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		links map[string]string
		want  bool
	}{
		"both are the same":           {map[string]string{"self/ns/mnt": "mnt:[1]", "1/ns/mnt": "mnt:[1]", "self/ns/net": "net:[2]", "1/ns/net": "net:[2]"}, true},
		"another network":             {map[string]string{"self/ns/mnt": "mnt:[1]", "1/ns/mnt": "mnt:[1]", "self/ns/net": "net:[3]", "1/ns/net": "net:[2]"}, false},
		"other files":                 {map[string]string{"self/ns/mnt": "mnt:[4]", "1/ns/mnt": "mnt:[1]", "self/ns/net": "net:[2]", "1/ns/net": "net:[2]"}, false},
		"those of PID 1 are not seen": {map[string]string{"self/ns/mnt": "mnt:[1]", "self/ns/net": "net:[2]"}, false},
		"nothing is seen":             {nil, false},
	} {
		root := t.TempDir()
		for file, text := range c.links {
			link := filepath.Join(root, "proc", file)
			if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(text, link); err != nil {
				t.Fatal(err)
			}
		}
		h, err := At(root)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.SharesNamespacesWithInit(); got != c.want {
			t.Errorf("%s: SharesNamespacesWithInit is %t, want %t", name, got, c.want)
		}
		shared, seen := h.sharesWithInit("net")
		if want := c.links["self/ns/net"] == c.links["1/ns/net"] && c.links != nil; shared != want {
			t.Errorf("%s: the network is shared: %t, want %t", name, shared, want)
		}
		if want := c.links["1/ns/net"] != ""; seen != want {
			t.Errorf("%s: the network is seen: %t, want %t", name, seen, want)
		}
	}
}
