package installer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/host"
)

// FuzzProfile: whatever is in the start-up file of a user, following it ends soon, and what is said of it can be shown.
func FuzzProfile(f *testing.F) {
	for _, text := range ubuntuFiles {
		f.Add(text, false)
	}
	for _, text := range []string{
		"a=xxxxxxxxxxxxxxxx\nfor i in 1 2 3 4 5 6 7 8 9; do a=$a$a$a$a; PATH=$a:$PATH; done\n",
		"while true; do PATH=x:$PATH; done\n", "for a in 1 2 3; do for b in 1 2 3; do PATH=$a$b:${PATH%%:*}; done; done\n",
		"path=(~/bin $path[@] ${(s.:.)PATH})\n", "PATH=${PATH//a/b}:$((1<<99))\n", "f() { f; }; f\n. $HOME/.profile\n",
		"a&0\xb6", "a\n)", "[[ $PATH == *[[:alpha:]* ]] && PATH=x", "case x in [!a) PATH=x;; esac", "PATH=~nobody/bin:${!x}:${x@P}\n",
	} {
		f.Add(text, true)
		f.Add(text, false)
	}
	root := f.TempDir()
	h, err := host.At(root)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, zsh bool) {
		if err := os.WriteFile(filepath.Join(root, ".profile"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		m := machine{h: h}
		m.observe()
		r := m.run("bash", account{name: "u", home: "/", shell: "bash", uid: 1000})
		r.zsh = zsh
		begin := time.Now()
		r.read("/.profile")
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
		for _, n := range r.notes {
			if !plain(n) {
				t.Errorf("%q", n)
			}
		}
		if n := len(r.path.String()); n > 2*valueBytes {
			t.Errorf("a PATH of %d bytes", n)
		}
	})
}

// FuzzPathFiles: the readers of files that are no scripts take any text, and name a line that is there.
func FuzzPathFiles(f *testing.F) {
	for _, text := range ubuntuFiles {
		f.Add(text)
	}
	f.Add("Defaults secure_path=\\\n\"/a\\:/b\"\n#include x\n@includedir \"/etc/sudoers.d\"\nDefaults!X secure_path")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		if _, line := assignment(text, "PATH"); line > lines {
			t.Errorf("line %d of %d", line, lines)
		}
		for _, l := range parseSudoers(text) {
			if l.number < 1 || l.number > lines {
				t.Errorf("line %d of %d", l.number, lines)
			}
		}
		for _, a := range parseAccounts(text) {
			if !plain(a.name) || a.uid < 0 || knownShell(a.shell) == "" {
				t.Errorf("%+v", a)
			}
		}
	})
}
