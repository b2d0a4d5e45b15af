package fetch

import (
	"bytes"
	"context"
	"io"
	"path"
	"runtime"

	"golang.org/x/sync/errgroup"
)

const (
	batchBytes = 1 << 20 // of the files of one batch together
	batchFiles = 256
)

// batch is a handful of small files of one folder that wait for a writer. Making 15,000 files takes the kernel longer
// than unpacking takes us, and two writers in the same folder would wait for each other there.
type batch struct {
	folder string
	files  []entry
	bytes  []byte // of all files
}

type entry struct {
	base       string
	executable bool
	size       int
}

// writers write batches of a tree in parallel. The batches go round: there are only so many, which bounds the memory.
type writers struct {
	ctx   context.Context
	group *errgroup.Group
	full  chan *batch
	free  chan *batch
	open  *batch // that is being filled
}

func startWriters(ctx context.Context, t *tree) *writers {
	n := max(2, runtime.GOMAXPROCS(0))
	w := &writers{full: make(chan *batch, n), free: make(chan *batch, 2*n+1), open: newBatch()} // a place for each
	w.group, w.ctx = errgroup.WithContext(ctx)
	for range 2 * n {
		w.free <- newBatch()
	}
	for range n {
		w.group.Go(func() error {
			for b := range w.full {
				if err := t.write(b); err != nil {
					return err
				}
				w.free <- b
			}
			return nil
		})
	}
	return w
}

func newBatch() *batch { return &batch{bytes: make([]byte, 0, batchBytes)} }

// add reads a file of at most batchBytes and leaves it to a writer.
func (w *writers) add(name string, executable bool, size int, content io.Reader) error {
	folder, base := path.Split(name)
	if b := w.open; b.folder != folder || len(b.bytes)+size > batchBytes || len(b.files) == batchFiles {
		if err := w.flush(); err != nil {
			return err
		}
		w.open.folder = folder
	}
	b := w.open
	at := len(b.bytes)
	b.bytes = b.bytes[:at+size]
	if _, err := io.ReadFull(content, b.bytes[at:]); err != nil {
		return damaged(w.ctx, err)
	}
	b.files = append(b.files, entry{base, executable, size})
	return nil
}

// flush hands the open batch to a writer and takes a free one.
func (w *writers) flush() error {
	select {
	case w.full <- w.open:
	case <-w.ctx.Done():
		return context.Cause(w.ctx)
	}
	select {
	case w.open = <-w.free:
	case <-w.ctx.Done():
		return context.Cause(w.ctx)
	}
	*w.open = batch{bytes: w.open.bytes[:0], files: w.open.files[:0]}
	return nil
}

// finish waits until all is written, or takes the error of the one that fills the batches.
func (w *writers) finish(err error) error {
	if err == nil {
		err = w.flush()
	}
	close(w.full)
	// What a writer failed with is why the other side could not go on.
	if e := w.group.Wait(); e != nil {
		return e
	}
	return err
}

func (t *tree) write(b *batch) error {
	if len(b.files) == 0 {
		return nil
	}
	f, err := t.open(b.folder)
	if err != nil {
		return err
	}
	defer f.Close()
	rest := b.bytes
	for _, e := range b.files {
		if err := writeFile(f, e.base, e.executable, bytes.NewReader(rest[:e.size])); err != nil {
			return err
		}
		rest = rest[e.size:]
	}
	return nil
}
