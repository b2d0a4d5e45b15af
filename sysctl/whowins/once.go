package whowins

import "io/fs"

// Once is r as it was when it was first asked: each answer is kept, so that a path is opened once however many
// forecasts are made. It is for one look at a machine. Whoever writes looks anew: a value from before must not be taken
// for what is there.
func Once(r Reader) Reader {
	return once{
		Reader: r, read: map[string]answer[[]byte]{}, lists: map[string]answer[[]string]{},
		own: map[string]answer[fs.FileInfo]{}, stats: map[string]answer[fs.FileInfo]{},
		links: map[string]answer[string]{}, real: map[string]answer[string]{},
	}
}

type once struct {
	Reader
	read        map[string]answer[[]byte]
	lists       map[string]answer[[]string]
	own, stats  map[string]answer[fs.FileInfo]
	links, real map[string]answer[string]
}

type answer[T any] struct {
	value T
	err   error
}

// ask returns what was answered about p, or asks.
func ask[T any](kept map[string]answer[T], p string, question func(string) (T, error)) (T, error) {
	a, asked := kept[p]
	if !asked {
		a.value, a.err = question(p)
		kept[p] = a
	}
	return a.value, a.err
}

// Live is that of the reader below.
func (o once) Live() bool { return live(o.Reader) }

// Lstat describes the file at p itself.
func (o once) Lstat(p string) (fs.FileInfo, error) { return ask(o.own, p, o.Reader.Lstat) }

// Stat describes what p leads to.
func (o once) Stat(p string) (fs.FileInfo, error) { return ask(o.stats, p, o.Reader.Stat) }

// ReadFile returns the whole of the file at p, which must not be changed.
func (o once) ReadFile(p string) ([]byte, error) { return ask(o.read, p, o.Reader.ReadFile) }

// ReadDir returns the names in p, which must not be changed.
func (o once) ReadDir(p string) ([]string, error) { return ask(o.lists, p, o.Reader.ReadDir) }

// Resolve returns where p leads to.
func (o once) Resolve(p string) (string, error) { return ask(o.real, p, o.Reader.Resolve) }

// Readlink returns the text of the link at p.
func (o once) Readlink(p string) (string, error) { return ask(o.links, p, o.Reader.Readlink) }
