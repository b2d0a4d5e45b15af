package installer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// filesName is the list of the files of a tree, in its root: what they were when the tree was proven.
const filesName = ".tcptune-files"

// maxFiles bounds the list: 15,000 files take 1.8 MB.
const maxFiles = 16 << 20

// listed is what a tree has under a name.
type listed struct {
	host.Entry
	sum string // SHA-256 of a file or of the text of a link, in hexadecimal; "" of a folder
}

// section is a folder of a tree, and what it holds, sorted by name.
type section struct {
	path  string // below the root of the tree, [self] for it
	files []listed
}

// listFiles looks at the tree at root, reads all of it, and gives all of it the same time: so what is written to it later
// has another one, and two trees of one release are alike.
func listFiles(h host.Host, root string, at int64) (list []section, err error) {
	for waiting := []string{self}; len(waiting) > 0; {
		s := section{path: waiting[0]}
		waiting = waiting[1:]
		entries, err := entriesOf(h, root, s.path)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name := path.Join(s.path, e.Name)
			if strings.ContainsAny(e.Name, "\n") || e.Mode&fs.ModeIrregular != 0 {
				return nil, fmt.Errorf("%q is no part of a toolchain", name)
			}
			if e.Mode.IsDir() {
				e.Size, e.Time = 0, 0 // these tell of the file system
			}
			if !ours(name) {
				s.files = append(s.files, listed{Entry: e})
			}
			if e.Mode.IsDir() && e.Name != self {
				waiting = append(waiting, name)
			}
		}
		list = append(list, s)
	}
	return list, eachOf(list, func(s section) (err error) {
		var names []string
		for i := range s.files {
			f := &s.files[i]
			if !f.Mode.IsDir() {
				f.Time = at
				names = append(names, f.Name)
			}
			if f.sum, err = sumOf(h, path.Join(root, s.path, f.Name), f.Mode); err != nil {
				return err
			}
		}
		return h.SetTimes(path.Join(root, s.path), names, at)
	})
}

// anybodys is an owner that does not matter.
const anybodys = -1

// self is the name under which the list has the tree's own folder.
const self = "."

// entriesOf is what the folder p of the tree at root holds, sorted by name, and the tree's own folder where that is p.
func entriesOf(h host.Host, root, p string) ([]host.Entry, error) {
	entries, err := h.Entries(path.Join(root, p))
	if err != nil || p != self {
		return entries, err
	}
	own, err := h.Self(root)
	entries = append(entries, own)
	slices.SortFunc(entries, func(a, b host.Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, err
}

// unlisted is what is expected of the tree's own folder where a list does not have it, and of the files that tcptune
// has added.
func (s section) unlisted(name string) host.Entry {
	folder, ok := s.find(self)
	if !ok {
		folder.Entry = host.Entry{Mode: fs.ModeDir | 0o755, GID: anybodys}
	}
	if name != self {
		return host.Entry{Mode: 0o644, UID: folder.UID, GID: anybodys}
	}
	return folder.Entry
}

// ours reports whether a file in the root of a tree is one that tcptune has added.
func ours(name string) bool { return name == filesName || name == plan.TreeRecord }

// eachOf works on the folders of a tree side by side.
func eachOf[T any](list []T, work func(T) error) error {
	var group errgroup.Group
	var next atomic.Int64
	for range max(2, runtime.GOMAXPROCS(0)) {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(list) {
					return nil
				}
				if err := work(list[i]); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

func sumOf(h host.Host, p string, mode fs.FileMode) (string, error) {
	sum := sha256.New()
	switch {
	case mode.IsDir():
		return "", nil
	case mode&fs.ModeSymlink != 0:
		text, err := h.Readlink(p)
		if err != nil {
			return "", err
		}
		_, _ = io.WriteString(sum, text) // a hash takes everything
	default:
		f, err := h.OpenRegular(p)
		if err != nil {
			return "", err
		}
		defer f.Close()
		if _, err := io.Copy(sum, f); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// The letters of the kinds of [listed].
const kindFile, kindFolder, kindLink = '-', 'd', 'l'

// renderFiles is the text of the list: a line "/PATH" for each folder, then one for each thing in it.
func renderFiles(list []section) []byte {
	var text []byte
	for _, s := range list {
		text = append(append(append(text, '/'), s.path...), '\n')
		for _, f := range s.files {
			kind := kindFile
			switch {
			case f.Mode.IsDir():
				kind = kindFolder
			case f.Mode&fs.ModeSymlink != 0:
				kind = kindLink
			}
			text = fmt.Appendf(text, "%c%04o:%d:%d %d %d %s %s\n",
				kind, f.Mode&0o7777, f.UID, f.GID, f.Size, f.Time, f.sum, f.Name)
		}
	}
	return text
}

var errNoList = errors.New("the list of its files cannot be read")

// part is a section as the list has it: its lines are read by who looks at that folder.
type part struct {
	path  string
	lines string
}

// parts are the folders of a list.
func parts(text string) (list []part) {
	rest, ok := strings.CutPrefix(text, "/")
	for ok {
		var p part
		p.lines, rest, ok = strings.Cut(rest, "\n/") // no name has a line break in it
		p.path, p.lines, _ = strings.Cut(strings.TrimSuffix(p.lines, "\n"), "\n")
		list = append(list, p)
	}
	return list
}

// count is the number of lines.
func (p part) count() int {
	if p.lines == "" {
		return 0
	}
	return strings.Count(p.lines, "\n") + 1
}

// things are what the list has in the folder p, in the order of their names. The second value is false where that cannot be
// read.
func (p part) things() iter.Seq2[listed, bool] {
	return func(yield func(listed, bool) bool) {
		before := ""
		for rest := p.lines; rest != ""; {
			var line string
			line, rest, _ = strings.Cut(rest, "\n")
			f, ok := parseListed(line)
			ok = ok && f.Name > before
			if before = f.Name; !yield(f, ok) || !ok {
				return
			}
		}
	}
}

// section reads all of p.
func (p part) section() (s section, err error) {
	s.path = p.path
	for f, ok := range p.things() {
		if !ok {
			return s, errNoList
		}
		s.files = append(s.files, f)
	}
	return s, nil
}

func parseListed(line string) (f listed, ok bool) {
	var words [4]string
	rest := line
	for i := range words {
		words[i], rest, ok = strings.Cut(rest, " ")
	}
	if !ok || words[0] == "" || rest == "" {
		return f, false
	}
	mode, owner, owned := strings.Cut(words[0][1:], ":")
	uid, gid, okOwner := strings.Cut(owner, ":")
	perm, errPerm := strconv.ParseUint(mode, 8, 12)
	size, errSize := strconv.ParseInt(words[1], 10, 64)
	at, errTime := strconv.ParseInt(words[2], 10, 64)
	f = listed{host.Entry{Name: rest, Mode: fs.FileMode(perm), Size: size, Time: at, GID: anybodys}, words[3]}
	if owned { // the first lists do not tell: on a running host it was root's
		var errUID, errGID error
		f.UID, errUID = strconv.Atoi(uid)
		f.GID, errGID = strconv.Atoi(gid)
		ok = okOwner && errUID == nil && errGID == nil
	}
	switch words[0][0] {
	case kindFile:
	case kindFolder:
		f.Mode |= fs.ModeDir
	case kindLink:
		f.Mode |= fs.ModeSymlink
	default:
		return f, false
	}
	return f, ok && errPerm == nil && errSize == nil && errTime == nil
}

// seal writes into the proven tree at root the list of its files, and r, which names that list by its sum.
func seal(h host.Host, root string, r record) error {
	list, err := listFiles(h, root, releaseTime(h, root))
	if err != nil {
		return fmt.Errorf("cannot list the files of %s: %w", root, err)
	}
	text := renderFiles(list)
	r.files = fmt.Sprintf("sha256:%x", sha256.Sum256(text))
	return errors.Join(
		h.WriteFile(path.Join(root, filesName), text, 0o644),
		h.WriteFile(path.Join(root, plan.TreeRecord), r.text(), 0o644),
	)
}

// undated is the time of what does not say its own: 1980, with which that of archives begins.
const undated = 315532800

// releaseTime is when the release at root was made, as its VERSION has it since Go 1.21, in seconds since 1970.
func releaseTime(h host.Host, root string) int64 {
	text, err := h.ReadAtMost(path.Join(root, "VERSION"), look("the record of a version"))
	if err != nil {
		return undated
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "time "); ok {
			if at, err := time.Parse(time.RFC3339, value); err == nil {
				return at.Unix()
			}
		}
	}
	return undated
}

// readFiles reads the list of the tree at root, which must be the one that its record names.
func readFiles(h host.Host, root string) ([]part, error) {
	r, err := readRecord(h, root)
	if err != nil {
		return nil, err
	}
	if r.files == "" {
		return nil, errNoList
	}
	text, err := h.ReadAtMost(path.Join(root, filesName), host.Bound{Bytes: maxFiles, Of: "a list of the files of a toolchain"})
	if err != nil {
		return nil, err
	}
	if r.files != fmt.Sprintf("sha256:%x", sha256.Sum256(text)) {
		return nil, errNoList
	}
	list := parts(string(text))
	if len(list) == 0 {
		return nil, errNoList
	}
	return list, nil
}

// find is what s has under a name.
func (s section) find(name string) (listed, bool) {
	i, ok := slices.BinarySearchFunc(s.files, name, func(f listed, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return listed{}, false
	}
	return s.files[i], true
}
