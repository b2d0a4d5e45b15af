package host

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

type dpkgEntry struct{ version, arch string }

// dpkgPackage returns what dpkg knows of an installed package, fs.ErrNotExist when it is not installed. It reads the
// status file instead of starting dpkg-query, which an image of another architecture could not run.
func (h Host) dpkgPackage(name string) (dpkgEntry, error) {
	f, err := h.open("/var/lib/dpkg/status", unix.O_RDONLY)
	if err != nil {
		return dpkgEntry{}, err
	}
	defer f.Close()
	return parseDpkgStatus(f, name)
}

// parseDpkgStatus finds the stanza of an installed package in the text of a status file, see deb822(5).
func parseDpkgStatus(r io.Reader, name string) (dpkgEntry, error) {
	var entry dpkgEntry
	var mine, installed bool
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if line == "" {
			if mine && installed {
				return entry, nil
			}
			entry, mine, installed = dpkgEntry{}, false, false
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch field {
		case "Package":
			mine = value == name
		case "Status":
			installed = strings.HasSuffix(value, " installed")
		case "Version":
			entry.version = value
		case "Architecture":
			entry.arch = value
		}
	}
	if err := lines.Err(); err != nil {
		return dpkgEntry{}, fmt.Errorf("cannot read dpkg's status file: %w", err)
	}
	if mine && installed {
		return entry, nil
	}
	return dpkgEntry{}, fs.ErrNotExist
}
