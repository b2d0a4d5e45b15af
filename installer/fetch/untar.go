package fetch

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/tcptune/tcptune/internal/report"
)

const (
	smallFile  = batchBytes / 4 // bytes; what is larger is written by its reader
	archiveDir = "go/"          // what all names in an archive of go.dev begin with
)

// untar unpacks a gzipped tar archive into the new folder dir, without the "go/" that all its names begin with. It
// reads src to the end. What a toolchain has no need for is refused, see [BadArchive].
func untar(ctx context.Context, src io.Reader, dir string) error {
	t, err := newTree(dir)
	if err != nil {
		return err
	}
	defer t.root.Close()
	unzipped, err := gzip.NewReader(src)
	if err != nil {
		return damaged(ctx, err)
	}
	w := startWriters(ctx, t)
	if err := w.finish(readTar(w.ctx, io.LimitReader(unzipped, maxTreeBytes+1), t, w)); err != nil {
		return err
	}
	return t.finish()
}

func readTar(ctx context.Context, src io.Reader, t *tree, w *writers) error {
	archive := tar.NewReader(src)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return damaged(ctx, err)
		}
		if err := extract(ctx, archive, h, t, w); err != nil {
			return err
		}
	}
	// The sum of the gzip stream is behind the end of the archive.
	if _, err := io.Copy(io.Discard, src); err != nil {
		return damaged(ctx, err)
	}
	return nil
}

func extract(ctx context.Context, archive io.Reader, h *tar.Header, t *tree, w *writers) error {
	if h.Typeflag == tar.TypeXGlobalHeader { // of git archive; it is no entry
		return nil
	}
	name, below := strings.CutPrefix(strings.TrimSuffix(h.Name, "/"), archiveDir)
	switch mode := h.FileInfo().Mode(); {
	case h.Typeflag == tar.TypeDir && h.Name == archiveDir:
		return nil
	case !below:
		return refuse(h.Name, "it is outside of %s", archiveDir)
	case mode&(fs.ModeSetuid|fs.ModeSetgid) != 0:
		return refuse(h.Name, "it is set-uid or set-gid")
	case h.Typeflag == tar.TypeDir:
		return t.claim(name, 'd', 0)
	case h.Typeflag == tar.TypeSymlink:
		return t.link(name, h.Linkname, false)
	case h.Typeflag == tar.TypeLink:
		target, ok := strings.CutPrefix(h.Linkname, archiveDir)
		if !ok {
			return refuse(h.Name, "it is a link to what is outside of %s", archiveDir)
		}
		return t.link(name, target, true)
	case h.Typeflag != tar.TypeReg:
		return refuse(h.Name, "a toolchain has no devices, pipes or the like")
	}
	if err := t.claim(name, 'f', h.Size); err != nil {
		return err
	}
	executable := h.Mode&0o111 != 0
	if h.Size > smallFile {
		return t.file(name, executable, reader{ctx, archive})
	}
	return w.add(name, executable, int(h.Size), archive)
}

// reader tells errors of the archive from those of the disk.
type reader struct {
	ctx context.Context
	src io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(r.ctx, err)
	}
	return n, err
}

// damaged is what reading an archive failed with, when that is not because of something else.
func damaged(ctx context.Context, err error) error {
	var known *report.Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &known):
		return err
	}
	return Fail(BadArchive, "", "cannot unpack: the archive is damaged").Because(err)
}
