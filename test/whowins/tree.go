// Package whowins holds the model of sysctl/whowins against the real systemd-sysctl and the real "sysctl --system".
//
// It generates trees of sysctl.d files, gets the tools of several releases from Debian's packages, and runs them in
// namespaces that hold a generated tree and nothing else of the machine. It does not know the model: the test that
// compares the two is in that package. It is for tests only, and for root only.
package whowins

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Node is an entry of a tree: a regular file, a link or a folder.
type Node struct {
	Data string
	Link string // the text of a link
	Dir  bool
}

// Tree is a small file system: absolute paths without links in their folders, except /lib, to nodes.
type Tree map[string]Node

// put adds a node and the folders above it.
func (t Tree) put(p string, n Node) {
	t[p] = n
	t["/"] = Node{Dir: true}
	for dir := path.Dir(p); dir != "/"; dir = path.Dir(dir) {
		if _, found := t[dir]; !found {
			t[dir] = Node{Dir: true}
		}
	}
}

// Write makes the tree below the folder root.
func (t Tree) Write(root string) error {
	for _, p := range slices.Sorted(maps.Keys(t)) {
		n, at := t[p], filepath.Join(root, p)
		var err error
		switch {
		case n.Dir:
			err = os.MkdirAll(at, 0o755)
		case n.Link != "":
			err = os.Symlink(n.Link, at)
		default:
			err = os.WriteFile(at, []byte(n.Data), 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// String shows the tree as a person would want to read it in a failure.
func (t Tree) String() string {
	var b strings.Builder
	for _, p := range slices.Sorted(maps.Keys(t)) {
		switch n := t[p]; {
		case n.Dir:
		case n.Link != "":
			fmt.Fprintf(&b, "%s -> %s\n", p, n.Link)
		default:
			fmt.Fprintf(&b, "%s:\n", p)
			for i, line := range strings.SplitAfter(n.Data, "\n") {
				if line == "" {
					continue
				}
				if len(line) > 200 {
					line = fmt.Sprintf("%s… (%d bytes)", line[:80], len(line))
				}
				fmt.Fprintf(&b, "%6d  %q\n", i+1, line)
			}
		}
	}
	return b.String()
}

// Live says that the tree is a running machine, whose /run counts.
func (Tree) Live() bool { return true }

// resolve follows links to the path that p leads to; with keep the last component is not followed.
func (t Tree) resolve(p string, keep bool) (string, error) {
	at := "/"
	if path.Clean(p) == at {
		return at, nil
	}
	rest := strings.Split(strings.Trim(path.Clean(p), "/"), "/")
	for links := 0; len(rest) > 0; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		n, found := t[next]
		if !found && (next != "/dev/null" && next != "/dev") {
			return "", syscall.ENOENT
		}
		if n.Link == "" || keep && len(rest) == 0 {
			if len(rest) > 0 && !n.Dir && next != "/dev" {
				return "", syscall.ENOTDIR
			}
			at = next
			continue
		}
		if links++; links > 40 {
			return "", syscall.ELOOP
		}
		target := n.Link
		if !path.IsAbs(target) {
			target = path.Join(at, target)
		}
		rest = append(strings.Split(strings.Trim(path.Clean(target), "/"), "/"), rest...)
		at = "/"
	}
	return at, nil
}

func (t Tree) stat(p string, keep bool) (fs.FileInfo, error) {
	at, err := t.resolve(p, keep)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: p, Err: err}
	}
	return info{path.Base(p), t[at], at == "/dev/null"}, nil
}

// ReadFile is sysctl.Reader's, as are the others.
func (t Tree) ReadFile(p string) ([]byte, error) {
	at, err := t.resolve(p, false)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p, Err: err}
	}
	if at == "/dev/null" || t[at].Dir {
		return nil, &fs.PathError{Op: "read", Path: p, Err: syscall.EINVAL}
	}
	return []byte(t[at].Data), nil
}

// ReadDir returns the sorted names in p.
func (t Tree) ReadDir(p string) ([]string, error) {
	at, err := t.resolve(p, false)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p, Err: err}
	}
	var names []string
	for q := range t {
		if path.Dir(q) == at && q != "/" {
			names = append(names, path.Base(q))
		}
	}
	slices.Sort(names)
	return names, nil
}

// Lstat describes p itself.
func (t Tree) Lstat(p string) (fs.FileInfo, error) { return t.stat(p, true) }

// Stat describes what p leads to.
func (t Tree) Stat(p string) (fs.FileInfo, error) { return t.stat(p, false) }

// Readlink returns the text of a link.
func (t Tree) Readlink(p string) (string, error) {
	at, err := t.resolve(p, true)
	if err == nil && t[at].Link == "" {
		err = syscall.EINVAL
	}
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: p, Err: err}
	}
	return t[at].Link, nil
}

// Resolve returns where p leads to.
func (t Tree) Resolve(p string) (string, error) {
	at, err := t.resolve(p, false)
	if err != nil {
		return "", &fs.PathError{Op: "resolve", Path: p, Err: err}
	}
	return at, nil
}

type info struct {
	name string
	node Node
	null bool
}

func (i info) Name() string { return i.name }
func (i info) Size() int64  { return int64(len(i.node.Data)) }
func (i info) Mode() fs.FileMode {
	switch {
	case i.null:
		return fs.ModeDevice | fs.ModeCharDevice | 0o666
	case i.node.Dir:
		return fs.ModeDir | 0o755
	case i.node.Link != "":
		return fs.ModeSymlink | 0o777
	}
	return 0o644
}
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.node.Dir }
func (i info) Sys() any           { return nil }

// Files makes a tree of files by path. Contents that begin with "-> " make a link to what follows.
func Files(files map[string]string) Tree {
	t := Tree{}
	for p, data := range files {
		if target, link := strings.CutPrefix(data, "-> "); link {
			t.put(p, Node{Link: target})
		} else {
			t.put(p, Node{Data: data})
		}
	}
	return t
}
