package whowins

import (
	"io/fs"
	"path"
	"slices"
	"time"
)

// Reader is what the model of this package reads of a machine. host.Host satisfies it. All paths are logical and
// absolute, and links resolve inside the root of the machine.
type Reader interface {
	ReadFile(path string) ([]byte, error)
	ReadDir(path string) ([]string, error) // sorted names
	Lstat(path string) (fs.FileInfo, error)
	Stat(path string) (fs.FileInfo, error)
	Readlink(path string) (string, error)
	Resolve(path string) (string, error)
}

// WithFile returns r as it would be with the regular file at path holding data, or without anything at path when data
// is nil. It answers "who would win?" before a file is written or removed.
func WithFile(r Reader, path string, data []byte) Reader {
	return overlay{Reader: r, path: path, data: data}
}

// live reports whether r is the running machine. What is in /run of an image is not what will be there after it has
// booted, so the model leaves /run out there.
func live(r Reader) bool {
	l, ok := r.(interface{ Live() bool })
	return !ok || l.Live()
}

type overlay struct {
	Reader
	path string
	data []byte
}

func (o overlay) Live() bool { return live(o.Reader) }

// stands reports whether p leads to the file of the overlay: by name, or through a link such as
// /etc/sysctl.d/99-sysctl.conf.
func (o overlay) stands(p string) bool {
	if o.names(p) {
		return true
	}
	target, err := o.Reader.Readlink(p)
	if err != nil {
		return false
	}
	if !path.IsAbs(target) {
		target = path.Join(path.Dir(p), target)
	}
	return o.names(target)
}

// names reports whether p is the name of the overlay's file, also where a folder above is a link: what is in
// /etc/sysctl.d is in /usr/local/lib/sysctl.d as well where one of them leads to the other.
func (o overlay) names(p string) bool {
	return path.Base(p) == path.Base(o.path) && o.folder(path.Dir(path.Clean(p)))
}

// folder reports whether dir is the folder of the overlay's file.
func (o overlay) folder(dir string) bool {
	if dir == path.Dir(o.path) {
		return true
	}
	is, err := o.Reader.Resolve(dir)
	if err != nil {
		return false
	}
	want, err := o.Reader.Resolve(path.Dir(o.path))
	return err == nil && is == want
}

func (o overlay) missing(op, p string) error {
	return &fs.PathError{Op: op, Path: p, Err: fs.ErrNotExist}
}

// ReadFile returns the data of the overlay for its own path.
func (o overlay) ReadFile(p string) ([]byte, error) {
	if !o.stands(p) {
		return o.Reader.ReadFile(p)
	}
	if o.data == nil {
		return nil, o.missing("open", p)
	}
	return o.data, nil
}

// ReadDir lists the file of the overlay in its folder, which need not exist.
func (o overlay) ReadDir(p string) ([]string, error) {
	names, err := o.Reader.ReadDir(p)
	base := path.Base(o.path)
	if !o.folder(path.Clean(p)) {
		return names, err
	}
	at, found := slices.BinarySearch(names, base)
	switch {
	case o.data == nil && found:
		return slices.Delete(slices.Clone(names), at, at+1), err
	case o.data != nil && !found:
		return slices.Insert(slices.Clone(names), at, base), nil
	}
	return names, err
}

// Lstat describes a regular file at the path of the overlay.
func (o overlay) Lstat(p string) (fs.FileInfo, error) {
	if !o.names(p) {
		return o.Reader.Lstat(p)
	}
	if o.data == nil {
		return nil, o.missing("lstat", p)
	}
	return overlayInfo{name: path.Base(p), size: int64(len(o.data))}, nil
}

// Stat is Lstat for the path of the overlay, or for a link to it.
func (o overlay) Stat(p string) (fs.FileInfo, error) {
	if !o.stands(p) {
		return o.Reader.Stat(p)
	}
	return o.Lstat(o.path)
}

// Readlink fails for the path of the overlay, which is no link.
func (o overlay) Readlink(p string) (string, error) {
	if !o.names(p) {
		return o.Reader.Readlink(p)
	}
	return "", &fs.PathError{Op: "readlink", Path: p, Err: fs.ErrInvalid}
}

// Resolve returns the path of the overlay itself.
func (o overlay) Resolve(p string) (string, error) {
	if !o.stands(p) {
		return o.Reader.Resolve(p)
	}
	if o.data == nil {
		return "", o.missing("resolve", p)
	}
	return o.path, nil
}

type overlayInfo struct {
	name string
	size int64
}

func (i overlayInfo) Name() string     { return i.name }
func (i overlayInfo) Size() int64      { return i.size }
func (overlayInfo) Mode() fs.FileMode  { return 0o644 }
func (overlayInfo) ModTime() time.Time { return time.Time{} }
func (overlayInfo) IsDir() bool        { return false }
func (overlayInfo) Sys() any           { return nil }
