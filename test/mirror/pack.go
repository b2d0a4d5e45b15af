package mirror

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
)

// Pack returns an archive of the toolchain at goroot, as those of go.dev are: all names begin with "go/", and there are
// files only.
func Pack(goroot string) ([]byte, error) {
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	err := filepath.WalkDir(goroot, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return add(archive, goroot, name)
	})
	if err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	err = compressed.Close()
	return packed.Bytes(), err
}

func add(archive *tar.Writer, goroot, name string) error {
	rel, err := filepath.Rel(goroot, name)
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	err = archive.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: "go/" + rel, Size: fi.Size(), Mode: int64(fi.Mode().Perm() | 0o600), ModTime: fi.ModTime(),
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(archive, f)
	return err
}
