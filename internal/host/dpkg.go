package host

import (
	"bytes"
	"io/fs"
	"strings"
)

// Package is what dpkg knows of an installed package.
type Package struct{ Version, Arch string }

// installed returns the entry of a package, fs.ErrNotExist when it is not installed. It reads dpkg's status file instead
// of starting dpkg-query, which an image of another architecture could not run.
func (h Host) installed(name string) (Package, error) {
	data, err := h.ReadFile("/var/lib/dpkg/status")
	if err != nil {
		return Package{}, err
	}
	if p, ok := InstalledPackage(data, name); ok {
		return p, nil
	}
	return Package{}, fs.ErrNotExist
}

// InstalledPackage finds an installed package in the text of a dpkg status file, see deb822(5). It looks for the
// paragraph instead of parsing all of them: the file has a few megabytes.
func InstalledPackage(status []byte, name string) (p Package, ok bool) {
	head := []byte("Package: " + name + "\n")
	for paragraph := range bytes.SplitSeq(status, []byte("\n\n")) {
		if bytes.HasPrefix(paragraph, head) && strings.HasSuffix(paragraphField(paragraph, "Status"), " installed") {
			return Package{paragraphField(paragraph, "Version"), paragraphField(paragraph, "Architecture")}, true
		}
	}
	return Package{}, false
}

func paragraphField(paragraph []byte, field string) string {
	_, rest, found := bytes.Cut(paragraph, []byte("\n"+field+":"))
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte("\n"))
	return string(bytes.TrimSpace(value))
}
