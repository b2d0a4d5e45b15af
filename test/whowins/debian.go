package whowins

import (
	"path/filepath"

	"github.com/tcptune/tcptune/test/debian"
)

// Debian returns the judge of a suite, from the cache or from the mirror.
func Debian(cache, suite string) (Judge, error) {
	dir, err := debian.Cached(cache, suite, func(work, dir string) error {
		root := filepath.Join(work, "root")
		if err := debian.Unpack(work, suite, root, "systemd", "procps"); err != nil {
			return err
		}
		fresh := Judge{Name: suite, Dir: dir}
		return fresh.assemble(root)
	})
	if err != nil {
		return Judge{}, err
	}
	j := Judge{Name: suite, Dir: dir}
	return j, j.versions()
}
