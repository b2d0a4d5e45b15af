package fetch

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// What a toolchain is at most. Go 1.26.8 for amd64 has 15,000 files and 230 MB, 1.19 had 480 MB; no path in any is
// longer than 140 bytes.
const (
	maxTreeFiles = 50000
	maxTreeBytes = 2 << 30
	maxPath      = 512
)

// tree is a folder that is being filled from an archive which nobody vouches for yet. Every name is used once, below
// the folder, and never through a link: os.Root holds that, and links are made last. Files whose names are claimed may
// be written by several goroutines.
type tree struct {
	root  *os.Root
	kinds map[string]byte // of what is there already: 'd', 'f', 'l'
	bytes int64
	links []link
}

type link struct {
	name, target string // target: below the root
	text         string // of a symbolic link; "" is a hard one
}

// newTree makes the folder dir, which must not exist.
func newTree(dir string) (*tree, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot unpack: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // whatever the umask
		return nil, fmt.Errorf("cannot unpack: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot unpack: %w", err)
	}
	return &tree{root: root, kinds: map[string]byte{".": 'd'}}, nil
}

func refuse(name, format string, args ...any) *report.Error {
	return Fail(BadArchive, "", "cannot unpack %q: "+format, append([]any{name}, args...)...)
}

// claim notes that name is taken by a thing of that kind and size, and makes the folders above it.
func (t *tree) claim(name string, kind byte, size int64) error {
	switch {
	case len(name) > maxPath:
		return refuse(name[:40]+"…", "its path is longer than %d bytes", maxPath)
	case !fs.ValidPath(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
		return refuse(name, "this is no path inside a toolchain")
	case size < 0:
		return refuse(name, "it has a negative size")
	}
	t.bytes += size
	was, there := t.kinds[name]
	switch {
	case there && kind == 'd' && was == 'd':
		return nil
	case there:
		return refuse(name, "it is there twice")
	case t.bytes > maxTreeBytes:
		return refuse(name, "there is more in the archive than the %d MB that a toolchain has at most", maxTreeBytes>>20)
	}
	if err := t.folder(path.Dir(name)); err != nil {
		return err
	}
	if kind == 'd' {
		return t.folder(name)
	}
	return t.note(name, kind)
}

func (t *tree) note(name string, kind byte) error {
	if t.kinds[name] = kind; len(t.kinds) > maxTreeFiles {
		return refuse(name, "there are more than the %d files that a toolchain has at most", maxTreeFiles)
	}
	return nil
}

// folder makes a folder and those above it.
func (t *tree) folder(name string) error {
	switch t.kinds[name] {
	case 'd':
		return nil
	case 0:
	default:
		return refuse(name, "it is a folder and something else")
	}
	if err := t.folder(path.Dir(name)); err != nil {
		return err
	}
	if err := t.root.Mkdir(name, 0o755); err != nil {
		return err
	}
	if err := t.root.Chmod(name, 0o755); err != nil { // whatever the umask
		return err
	}
	return t.note(name, 'd')
}

// file writes a file whose name has been claimed.
func (t *tree) file(name string, executable bool, content io.Reader) error {
	folder, base := path.Split(name)
	f, err := t.open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return writeFile(f, base, executable, content)
}

// open opens a folder that is there.
func (t *tree) open(folder string) (*os.File, error) {
	return t.root.Open(path.Clean(folder))
}

// writeFile makes a file in a folder. The name is a single one and must be new, so nothing is followed; os.Root would
// look at each folder of the path again for each file, which is half of the time that unpacking takes.
func writeFile(folder *os.File, base string, executable bool, content io.Reader) (err error) {
	mode := uint32(0o644)
	if executable {
		mode = 0o755
	}
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(int(folder.Fd()), base, flags, mode)
	if err != nil {
		return &fs.PathError{Op: "create", Path: path.Join(folder.Name(), base), Err: err}
	}
	f := os.NewFile(uintptr(fd), path.Join(folder.Name(), base))
	defer f.Close()
	if err := f.Chmod(fs.FileMode(mode)); err != nil { // whatever the umask
		return err
	}
	if _, err := io.Copy(f, content); err != nil {
		return err
	}
	return f.Close()
}

// link notes a link, symbolic with this text or a hard one. It is made by finish, when all that is no link is there.
func (t *tree) link(name, text string, hard bool) error {
	if err := t.claim(name, 'l', 0); err != nil {
		return err
	}
	l := link{name: name, target: path.Join(path.Dir(name), text), text: text}
	if hard {
		l.target, l.text = text, ""
	}
	t.links = append(t.links, l)
	return nil
}

// finish makes the links. A link must name a file or a folder of the tree and pass through no other link: then what it
// resolves to can be read off its text.
func (t *tree) finish() error {
	for _, l := range t.links {
		kind := t.kinds[l.target]
		if path.IsAbs(l.text) || l.text != "" && l.text != path.Clean(l.text) ||
			kind != 'f' && (kind != 'd' || l.text == "") {
			return refuse(l.name, "it is a link to what is no part of the tree, or a link itself")
		}
		err := error(nil)
		if l.text == "" {
			err = t.root.Link(l.target, l.name)
		} else {
			err = t.root.Symlink(l.text, l.name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
