package whowins

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Suites are the releases of Debian whose tools are judges. They bracket those of the supported Ubuntu releases.
func Suites() []string { return []string{"bullseye", "bookworm", "trixie", "sid"} }

// CacheDir is where judges are kept between runs.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "tcptune-test", "judges")
	return dir, os.MkdirAll(dir, 0o755)
}

// Debian returns the judge of a suite, from the cache or from the mirror that the machine's own apt uses. The machine's
// apt configuration and package lists are read, never changed.
func Debian(cache, suite string) (Judge, error) {
	lock, err := os.Create(filepath.Join(cache, suite+".lock"))
	if err != nil {
		return Judge{}, err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return Judge{}, err
	}
	j := Judge{Name: suite, Dir: filepath.Join(cache, suite)}
	if _, err := os.Stat(j.Dir); err == nil {
		return j, j.versions()
	}
	work, err := os.MkdirTemp(cache, suite+".new-")
	if err != nil {
		return j, err
	}
	defer os.RemoveAll(work)
	fresh := Judge{Name: suite, Dir: filepath.Join(work, "judge")}
	if err := fresh.build(work, suite); err != nil {
		return j, err
	}
	if err := os.Rename(fresh.Dir, j.Dir); err != nil {
		return j, err
	}
	fresh.Dir = j.Dir
	return fresh, nil
}

// build downloads the packages of the two tools, and then those of the libraries that turn out to be missing.
func (j *Judge) build(work, suite string) error {
	a, err := newApt(work, suite)
	if err != nil {
		return err
	}
	if err := a.unpack("systemd", "procps", "libc6"); err != nil {
		return err
	}
	closure, err := a.run("apt-cache", "depends", "--important", "--recurse", "systemd", "procps")
	if err != nil {
		return err
	}
	packages := strings.Fields(closure)
	places := map[Tool][]string{
		SystemdSysctl: {a.root + "/usr/lib/systemd/systemd-sysctl", a.root + "/lib/systemd/systemd-sysctl"},
		SysctlSystem:  {a.root + "/usr/sbin/sysctl", a.root + "/sbin/sysctl"},
	}
	for range 10 {
		if err := os.RemoveAll(j.Dir); err != nil {
			return err
		}
		err := j.assemble(places, a.libraries())
		var missing missingLibraries
		if !errors.As(err, &missing) {
			return err
		}
		var names []string
		for _, library := range missing {
			name := packageOf(library, packages)
			if name == "" {
				return err
			}
			names = append(names, name)
		}
		slices.Sort(names)
		if err := a.unpack(slices.Compact(names)...); err != nil {
			return err
		}
		packages = slices.DeleteFunc(packages, func(p string) bool { return slices.Contains(names, p) })
	}
	return errors.New("too many libraries")
}

// packageOf guesses the package of a library by Debian's naming rule: libfoo.so.1 is in libfoo1, libfoo4.so.1 in
// libfoo4-1.
func packageOf(library string, packages []string) string {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == '-' || r == '.' || r == '+' {
				return -1
			}
			return r
		}, s)
	}
	name, number, _ := strings.Cut(library, ".so")
	switch name {
	case "libcrypto":
		name = "libssl" // the two libraries of OpenSSL share a package
	case "libz":
		name = "zlib"
	}
	want := plain(name + number)
	best := ""
	for _, p := range packages {
		have := plain(strings.TrimSuffix(p, "t64"))
		switch {
		case have == want:
			return p
		case strings.Contains(p, "lib") && (strings.HasPrefix(have, want) || strings.HasPrefix(want, have)) && len(p) > len(best):
			best = p
		}
	}
	return best
}

// apt is an apt of its own: it shares nothing with the machine's but the way to the mirror.
type apt struct {
	conf, root, archives string
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

func newApt(work, suite string) (*apt, error) {
	if _, err := os.Stat(keyring); err != nil {
		return nil, err
	}
	mirror, err := aptMirror()
	if err != nil {
		return nil, err
	}
	a := &apt{conf: work + "/apt.conf", root: work + "/root", archives: work + "/debs"}
	for _, dir := range []string{work + "/state/lists/partial", work + "/cache/archives/partial", a.archives, a.root} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	list := fmt.Sprintf("deb [signed-by=%s] %s %s main\n", keyring, mirror, suite)
	conf := fmt.Sprintf(`Dir::State "%[1]s/state";
Dir::State::status "/dev/null";
Dir::Cache "%[1]s/cache";
Dir::Etc::sourcelist "%[1]s/sources.list";
Dir::Etc::sourceparts "-";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Check-Valid-Until "false";
Acquire::http::Timeout "20";
Acquire::Retries "1";
`, work)
	if err := os.WriteFile(work+"/sources.list", []byte(list), 0o644); err != nil {
		return nil, err
	}
	if err := os.WriteFile(a.conf, []byte(conf), 0o644); err != nil {
		return nil, err
	}
	_, err = a.run("apt-get", "--error-on=any", "update")
	return a, err
}

func (a *apt) run(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = a.archives
	cmd.Env = append(os.Environ(), "APT_CONFIG="+a.conf, "LC_ALL=C")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		err = fmt.Errorf("%s: %w: %s", name, err, lines[len(lines)-1])
	}
	return string(out), err
}

func (a *apt) unpack(packages ...string) error {
	if _, err := a.run("apt-get", append([]string{"download"}, packages...)...); err != nil {
		return err
	}
	debs, err := filepath.Glob(a.archives + "/*.deb")
	if err != nil {
		return err
	}
	for _, deb := range debs {
		if _, err := a.run("dpkg-deb", "--extract", deb, a.root); err != nil {
			return err
		}
		if err := os.Remove(deb); err != nil {
			return err
		}
	}
	return nil
}

func (a *apt) libraries() []string {
	var dirs []string
	for _, lib := range []string{"/usr/lib", "/lib", "/usr/lib64", "/lib64"} {
		multiarch, _ := filepath.Glob(a.root + lib + "/*-linux-gnu*")
		for _, m := range multiarch {
			dirs = append(dirs, m, m+"/systemd")
		}
		dirs = append(dirs, a.root+lib+"/systemd", a.root+lib)
	}
	return dirs
}

// aptMirror returns the Debian mirror of the machine's own apt configuration, sources.list(5).
func aptMirror() (string, error) {
	files, _ := filepath.Glob("/etc/apt/sources.list.d/*.sources")
	lists, _ := filepath.Glob("/etc/apt/sources.list.d/*.list")
	for _, file := range append(append(files, lists...), "/etc/apt/sources.list") {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			for _, word := range strings.Fields(line) {
				if strings.Contains(word, "://") && path.Base(strings.TrimRight(word, "/")) == "debian" {
					return word, nil
				}
			}
		}
	}
	return "", errors.New("the machine's apt knows no mirror of Debian")
}
