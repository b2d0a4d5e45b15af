package whowins

import "io/fs"

// Once is r as it was when it was first asked: each answer is kept, so that a path is opened once however many
// forecasts are made. It is for one look at a machine. Whoever writes looks anew: a value from before must not be taken
// for what is there.
func Once(r Reader) Reader {
	return once{r, map[string]any{}}
}

type once struct {
	Reader
	kept map[string]any // by question and path: an answer
}

type answer[T any] struct {
	value T
	err   error
}

// ask returns what was answered about p, or asks.
func ask[T any](o once, what, p string, question func(string) (T, error)) (T, error) {
	a, asked := o.kept[what+p].(answer[T])
	if !asked {
		a.value, a.err = question(p)
		o.kept[what+p] = a
	}
	return a.value, a.err
}

// Live is that of the reader below.
func (o once) Live() bool { return live(o.Reader) }

// Lstat describes the file at p itself.
func (o once) Lstat(p string) (fs.FileInfo, error) { return ask(o, "lstat ", p, o.Reader.Lstat) }

// Stat describes what p leads to.
func (o once) Stat(p string) (fs.FileInfo, error) { return ask(o, "stat ", p, o.Reader.Stat) }

// ReadFile returns the whole of the file at p, which must not be changed.
func (o once) ReadFile(p string) ([]byte, error) { return ask(o, "read ", p, o.Reader.ReadFile) }

// ReadDir returns the names in p, which must not be changed.
func (o once) ReadDir(p string) ([]string, error) { return ask(o, "list ", p, o.Reader.ReadDir) }

// Resolve returns where p leads to.
func (o once) Resolve(p string) (string, error) { return ask(o, "resolve ", p, o.Reader.Resolve) }

// Readlink returns the text of the link at p.
func (o once) Readlink(p string) (string, error) { return ask(o, "link ", p, o.Reader.Readlink) }
