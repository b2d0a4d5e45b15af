package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Bundle makes in the folder out, which it makes if need be, what [Config.File] needs on a host without a network: the
// archive of a release with its signature and its sum, or the zip of the module with the records of the checksum
// database. Everything is verified before it appears. It returns the names of the files, the archive first.
func (c Config) Bundle(ctx context.Context, r Resolved, arch, out string, progress func(Progress)) ([]string, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make a bundle: %w", err)
	}
	var names []string
	err := c.inTurn(c.ways()[r.tried:], func(_ way, s source) (err error) {
		names, err = s.bundle(ctx, r.Version, arch, out, progress)
		return outOfSpace(out, err)
	}, nil)
	return names, err
}

func (d download) bundle(ctx context.Context, v Version, arch, out string, show func(Progress)) ([]string, error) {
	temp, err := os.CreateTemp(out, ".tcptune-")
	if err != nil {
		return nil, fmt.Errorf("cannot make a bundle: %w", err)
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	defer temp.Close()
	into := consumer{
		take: func(_ context.Context, src io.Reader) error {
			_, err := io.Copy(temp, src)
			return err
		},
		reset: func() error {
			_, err := temp.Seek(0, io.SeekStart)
			return errors.Join(err, temp.Truncate(0))
		},
		ratio: 100,
	}
	origin, err := d.get(ctx, v, arch, out, show, into)
	if err != nil {
		return nil, err
	}
	name := archiveName(v, arch)
	files := map[string][]byte{name + ".sha256": []byte(origin.Digest[len("sha256:"):] + "  " + name + "\n")}
	names := []string{name, name + ".sha256"}
	if d.keys != nil {
		signature, err := d.web.get(ctx, d.base+"/"+name+".asc", maxSignature)
		if err != nil {
			return nil, err
		}
		files[name+".asc"] = signature
		names = append(names, name+".asc")
	}
	return names, place(temp, filepath.Join(out, name), files)
}

func (m modules) bundle(ctx context.Context, v Version, arch, out string, show func(Progress)) ([]string, error) {
	db, err := m.database(ctx)
	if err != nil {
		return nil, err
	}
	notes := map[string][]byte{}
	db.record(notes)
	name := v.Toolchain() + ".linux-" + arch + ".zip"
	err = m.spool(ctx, v, arch, out, show, func(file *os.File, size int64, _ string) error {
		dir, err := os.MkdirTemp(out, ".tcptune-") // the hash is one of what is in the zip
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		into := filepath.Join(dir, "go")
		if _, err := unpackModule(ctx, db, file, size, moduleVersion(v, arch), into, Module, show); err != nil {
			return err
		}
		records, err := json.Marshal(notes)
		if err != nil {
			return err
		}
		temp, err := os.CreateTemp(out, ".tcptune-")
		if err != nil {
			return err
		}
		defer func() { _ = os.Remove(temp.Name()) }()
		defer temp.Close()
		if _, err := io.Copy(temp, io.NewSectionReader(file, 0, size)); err != nil {
			return err
		}
		return place(temp, filepath.Join(out, name), map[string][]byte{name + recordsSuffix: records})
	})
	return []string{name, name + recordsSuffix}, err
}

// place gives a complete file its name, after those that belong to it.
func place(temp *os.File, name string, beside map[string][]byte) error {
	for other, data := range beside {
		file := filepath.Join(filepath.Dir(name), other)
		if err := keep(file, data); err != nil {
			return err
		}
		if err := os.Chmod(file, 0o644); err != nil {
			return err
		}
	}
	return errors.Join(temp.Chmod(0o644), temp.Close(), os.Rename(temp.Name(), name))
}
