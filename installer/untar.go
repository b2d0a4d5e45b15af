package installer

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"runtime"
	"strings"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"
)

const (
	smallFile  = 256 << 10 // bytes; what is larger is written by who reads it
	inFlight   = 32        // small files that are read and not yet written
	archiveDir = "go/"     // what all names in an archive of go.dev begin with
)

// untar unpacks a gzipped tar archive into the new folder dir, without the "go/" that all its names begin with. It reads
// src to the end. What a toolchain has no need for is refused, see [BadArchive].
func untar(ctx context.Context, src io.Reader, dir string) error {
	t, err := newTree(dir)
	if err != nil {
		return err
	}
	defer t.close()
	unzipped, err := gzip.NewReader(src)
	if err != nil {
		return damaged(ctx, err)
	}
	group, ctx := errgroup.WithContext(ctx)
	jobs := make(chan job, inFlight)
	for range max(2, runtime.GOMAXPROCS(0)) {
		group.Go(func() error {
			for j := range jobs {
				if err := t.file(j.name, j.executable, bytes.NewReader(j.content)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(jobs)
		return readTar(ctx, io.LimitReader(unzipped, maxTreeBytes+1), t, jobs)
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return t.finish()
}

// job is a small file that waits for a writer. Making 15,000 files takes the kernel as long as unpacking takes us.
type job struct {
	name       string
	executable bool
	content    []byte
}

func readTar(ctx context.Context, src io.Reader, t *tree, jobs chan<- job) error {
	archive := tar.NewReader(src)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return damaged(ctx, err)
		}
		if err := extract(ctx, archive, h, t, jobs); err != nil {
			return err
		}
	}
	// The sum of the gzip stream is behind the end of the archive.
	if _, err := io.Copy(io.Discard, src); err != nil {
		return damaged(ctx, err)
	}
	return nil
}

func extract(ctx context.Context, archive io.Reader, h *tar.Header, t *tree, jobs chan<- job) error {
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
	content := make([]byte, h.Size)
	if _, err := io.ReadFull(archive, content); err != nil {
		return damaged(ctx, err)
	}
	select {
	case jobs <- job{name, executable, content}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// reader tells errors of the archive from those of the disk.
type reader struct {
	ctx context.Context
	src io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	if err != nil && err != io.EOF {
		err = damaged(r.ctx, err)
	}
	return n, err
}

// damaged is what reading an archive failed with, when that is not because of something else.
func damaged(ctx context.Context, err error) error {
	var known *Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &known):
		return err
	}
	return fail(BadArchive, "", "cannot unpack: the archive is damaged").because(err)
}
