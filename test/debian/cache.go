package debian

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Suites are the releases of Debian whose programs are judges.
func Suites() []string { return []string{"bullseye", "bookworm", "trixie", "sid"} }

// CacheDir is where judges of a kind are kept between runs.
func CacheDir(kind string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "tcptune-test", kind)
	return dir, os.MkdirAll(dir, 0o755)
}

// Cached returns the folder of a suite in a cache. Where it is missing, build has to make the folder dir, in the
// temporary folder work; others who ask for it wait.
func Cached(cache, suite string, build func(work, dir string) error) (string, error) {
	lock, err := os.Create(filepath.Join(cache, suite+".lock"))
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return "", err
	}
	at := filepath.Join(cache, suite)
	if _, err := os.Stat(at); err == nil {
		return at, nil
	}
	work, err := os.MkdirTemp(cache, suite+".new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	dir := filepath.Join(work, "judge")
	if err := build(work, dir); err != nil {
		return "", err
	}
	return at, os.Rename(dir, at)
}
