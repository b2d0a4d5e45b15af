package container

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const cgroupPrefix = "tcptune-test-"

var cgroupCount atomic.Int64

// cgroup is the cgroup v2 folder that a machine sees as the root of its hierarchy.
type cgroup struct{ path string }

// newCgroup makes an empty group below the root of the v2 hierarchy, beside v1 or alone, and removes those that killed
// test runs left behind.
func newCgroup() (cgroup, error) {
	top, err := cgroupMount()
	if err != nil {
		return cgroup{}, err
	}
	left, _ := filepath.Glob(filepath.Join(top, cgroupPrefix+"*"))
	for _, dir := range left {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), cgroupPrefix), "-")
		if _, err := os.Stat("/proc/" + owner); os.IsNotExist(err) {
			cgroup{dir}.remove()
		}
	}
	name := fmt.Sprintf("%s%d-%d", cgroupPrefix, os.Getpid(), cgroupCount.Add(1))
	g := cgroup{filepath.Join(top, name)}
	if err := os.Mkdir(g.path, 0o755); err != nil {
		return cgroup{}, Unavailable("cannot make a cgroup: " + err.Error())
	}
	return g, nil
}

// remove removes g and the groups below it. The kernel refuses while a process is dying in one of them.
func (g cgroup) remove() {
	for range 100 {
		var dirs []string
		_ = filepath.WalkDir(g.path, func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, p)
			}
			return nil
		})
		for _, dir := range slices.Backward(dirs) {
			_ = os.Remove(dir)
		}
		if _, err := os.Stat(g.path); os.IsNotExist(err) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// cgroupMount finds the cgroup v2 hierarchy, proc_pid_mountinfo(5).
func cgroupMount() (string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		mount, kind, _ := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(mount)
		if strings.HasPrefix(kind, "cgroup2 ") && len(fields) > 4 {
			return strconv.Unquote(`"` + fields[4] + `"`) // spaces are written \040
		}
	}
	return "", Unavailable("no cgroup v2 hierarchy is mounted")
}
