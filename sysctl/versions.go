package sysctl

import (
	"bytes"
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// Versions names the releases of the programs that apply sysctl files, since their rules differ.
type Versions struct {
	Systemd int    // major release, as 255; 0 where systemd is not installed
	Procps  string // upstream release, as "4.0.4"; "" where procps is not installed
	Tuned   string // upstream release, as "2.22.1"; "" where TuneD is not installed from a package
}

// dpkgStatus is Debian's database of installed packages, see dpkg(1).
const dpkgStatus = "/var/lib/dpkg/status"

// DetectVersions reads the versions of the installed packages systemd, procps and tuned. A package that is not installed, and a
// machine without dpkg, leave the field empty; that is no error.
func DetectVersions(r Reader) (Versions, error) {
	data, err := r.ReadFile(dpkgStatus)
	if errors.Is(err, fs.ErrNotExist) {
		return Versions{}, nil
	}
	if err != nil {
		return Versions{}, err
	}
	var v Versions
	v.Procps = upstream(installedVersion(data, "procps"))
	v.Tuned = upstream(installedVersion(data, "tuned"))
	major, _, _ := strings.Cut(upstream(installedVersion(data, "systemd")), ".")
	// Release candidates are "256~rc3"; development snapshots, too, begin with the number.
	digits := len(major) - len(strings.TrimLeft(major, "0123456789"))
	v.Systemd, _ = strconv.Atoi(major[:digits])
	return v, nil
}

// installedVersion returns the version of package name in the contents of a dpkg status file, or "" when it is not
// installed. It looks for the paragraph instead of parsing all of them: the file has a few megabytes.
func installedVersion(status []byte, name string) string {
	head := []byte("Package: " + name + "\n")
	for from := 0; ; {
		at := bytes.Index(status[from:], head)
		if at < 0 {
			return ""
		}
		at += from
		from = at + len(head)
		if at > 0 && status[at-1] != '\n' {
			continue
		}
		paragraph := status[at:]
		if end := bytes.Index(paragraph, []byte("\n\n")); end >= 0 {
			paragraph = paragraph[:end]
		}
		if !strings.HasSuffix(paragraphField(paragraph, "Status"), " installed") {
			continue
		}
		return paragraphField(paragraph, "Version")
	}
}

func paragraphField(paragraph []byte, field string) string {
	_, rest, found := bytes.Cut(paragraph, []byte("\n"+field+": "))
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte("\n"))
	return string(value)
}

// upstream strips the epoch and the Debian revision of a version: "2:4.0.4-9" is "4.0.4".
func upstream(version string) string {
	if _, rest, found := strings.Cut(version, ":"); found {
		version = rest
	}
	if at := strings.LastIndexByte(version, '-'); at >= 0 {
		version = version[:at]
	}
	return version
}

// atLeast reports whether a dotted version is want or newer. Anything but digits ends a component ("4.0.5rc1" is 4.0.5).
func atLeast(version string, want ...int) bool {
	for _, w := range want {
		var part string
		part, version, _ = strings.Cut(version, ".")
		digits := len(part) - len(strings.TrimLeft(part, "0123456789"))
		if n, _ := strconv.Atoi(part[:digits]); n != w {
			return n > w
		}
	}
	return true
}
