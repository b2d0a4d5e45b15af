package whowins

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// Versions names the releases of the programs that apply sysctl files, since their rules differ.
type Versions struct {
	Systemd int    // major release, as 255; 0 where systemd is not installed
	Procps  string // upstream release, as "4.0.4"; "" where procps is not installed
	Tuned   string // upstream release, as "2.22.1"; "" where TuneD is not installed from a package
}

// dpkgStatus is Debian's database of installed packages, see dpkg(1).
const dpkgStatus = "/var/lib/dpkg/status"

// DetectVersions reads the versions of the installed packages systemd, procps and tuned. A package that is not
// installed, and a machine without dpkg, leave the field empty; that is no error.
func DetectVersions(r Reader) (Versions, error) {
	data, err := r.ReadFile(dpkgStatus)
	if errors.Is(err, fs.ErrNotExist) {
		return Versions{}, nil
	}
	if err != nil {
		return Versions{}, err
	}
	var v Versions
	v.Procps = upstreamVersion(data, "procps")
	v.Tuned = upstreamVersion(data, "tuned")
	major, _, _ := strings.Cut(upstreamVersion(data, "systemd"), ".")
	// Release candidates are "256~rc3"; development snapshots, too, begin with the number.
	digits := len(major) - len(strings.TrimLeft(major, "0123456789"))
	v.Systemd, _ = strconv.Atoi(major[:digits])
	return v, nil
}

// upstreamVersion is the upstream version of an installed package, "" when it is not installed.
func upstreamVersion(status []byte, name string) string {
	p, _ := host.InstalledPackage(status, name)
	return upstream(p.Version)
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

// atLeast reports whether a version is want or newer; what follows the number, as in "4.0.5rc1", makes it no older.
func atLeast(version, want string) bool { return host.CompareReleases(version, want) >= 0 }
