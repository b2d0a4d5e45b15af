package fetch

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tcptune/tcptune/internal/host"
)

// listLife is how long a list of releases is good.
const listLife = time.Hour

// lists keeps what servers say there is, in a folder. Nothing that it returns is proven; nothing that it fails to keep
// is missed.
type lists struct{ dir string } // "": keep nothing

// get hands the document at an address to parse: a kept one that is less than an hour old, or else, and also when fresh
// is asked for or the kept one cannot be parsed, that of the server. What cannot be parsed is as good as unreachable.
func (l lists) get(ctx context.Context, w web, address string, most int64, fresh bool, parse func([]byte) error) error {
	file := filepath.Join(l.dir, fmt.Sprintf("%x", sha256.Sum256([]byte(address)))[:16])
	if fi, err := os.Stat(file); err == nil && l.dir != "" && !fresh {
		age := time.Since(fi.ModTime())
		if data, err := host.ReadNamed(file, host.Bound{Bytes: most, Of: "a list of releases"}); err == nil && age >= 0 &&
			age < listLife &&
			parse(data) == nil {
			return nil
		}
	}
	data, err := w.get(ctx, address, most)
	if err != nil {
		return err
	}
	if err := parse(data); err != nil {
		return unreachable(address, err)
	}
	if l.dir != "" {
		_ = keep(file, data)
	}
	return nil
}

// keep replaces a file at once, so that nobody reads half of it. It is a cache: no fsync.
func keep(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".new-")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = cmp.Or(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
