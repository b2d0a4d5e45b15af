package host

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseOSRelease(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want OSRelease
	}{
		"Ubuntu 24.04": {
			"PRETTY_NAME=\"Ubuntu 24.04.2 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n",
			OSRelease{"ubuntu", []string{"debian"}, "24.04", "noble", "Ubuntu 24.04.2 LTS"},
		},
		"Debian sid has no version":       {"ID=debian\nPRETTY_NAME='Debian GNU/Linux sid'", OSRelease{ID: "debian", PrettyName: "Debian GNU/Linux sid"}},
		"two ancestors":                   {"ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", OSRelease{ID: "linuxmint", IDLike: []string{"ubuntu", "debian"}, PrettyName: "Linux"}},
		"an empty file is ID=linux":       {"", OSRelease{ID: "linux", PrettyName: "Linux"}},
		"the last assignment counts":      {"ID=a\nID=b\n", OSRelease{ID: "b", PrettyName: "Linux"}},
		"comments and blank lines":        {"# ID=no\n\n  ID=yes  \n#\n", OSRelease{ID: "yes", PrettyName: "Linux"}},
		"carriage returns":                {"ID=ubuntu\r\n", OSRelease{ID: "ubuntu", PrettyName: "Linux"}},
		"backslashes in double quotes":    {`PRETTY_NAME="a \"b\" \$c \\ \n"`, OSRelease{ID: "linux", PrettyName: `a "b" $c \ \n`}},
		"none in single quotes":           {`PRETTY_NAME='a\$b'`, OSRelease{ID: "linux", PrettyName: `a\$b`}},
		"quotes that do not match":        {"ID=\"ubuntu\nPRETTY_NAME='x\n", OSRelease{ID: "linux", PrettyName: "Linux"}},
		"bare spaces are no assignment":   {"PRETTY_NAME=two words\n", OSRelease{ID: "linux", PrettyName: "Linux"}},
		"pieces are not joined":           {`ID="a"'b'`, OSRelease{ID: "linux", PrettyName: "Linux"}},
		"an empty value":                  {"ID=\"\"\nVERSION_ID=\n", OSRelease{PrettyName: "Linux"}},
		"a space before = is no variable": {"ID =x\n", OSRelease{ID: "linux", PrettyName: "Linux"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ParseOSRelease([]byte(test.text))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestOSReleaseFallsBackToUsrLib(t *testing.T) {
	t.Parallel()
	h := tree(t, map[string]string{"/usr/lib/os-release": "ID=fallback\n"})
	if r, err := h.OSRelease(); err != nil || r.ID != "fallback" {
		t.Errorf("got %v, %v", r, err)
	}
	h = tree(t, map[string]string{"/usr/lib/os-release": "ID=linked\n", "/etc/os-release": "-> ../usr/lib/os-release"})
	if r, err := h.OSRelease(); err != nil || r.ID != "linked" {
		t.Errorf("got %v, %v", r, err)
	}
	h = tree(t, map[string]string{"/etc/": ""})
	if _, err := h.OSRelease(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func FuzzParseOSRelease(f *testing.F) {
	f.Add([]byte("PRETTY_NAME=\"Ubuntu 24.04\"\nID=ubuntu\nVERSION_ID='24.04'\n"))
	f.Add([]byte(`ID="\`))
	f.Add([]byte("ID='\n='\n\"=\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		// Appending an assignment always wins: nothing before it can swallow the line.
		r := ParseOSRelease(append(data, "\nID=last\n"...))
		if r.ID != "last" {
			t.Errorf("ID %q after %q", r.ID, data)
		}
	})
}
