package packaging

import (
	"flag"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var built = flag.String("packages", "", "folder in which make deb-test has built: deb, deb/again, deb/next, apt-repo")

// folder is one of those below -packages. The test is skipped without them.
func folder(t *testing.T, name string) string {
	t.Helper()
	if *built == "" {
		t.Skip("it needs packages: make deb-test builds them and runs this")
	}
	return filepath.Join(*built, name)
}

// find is the one file below dir that a pattern matches.
func find(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s/%s: %q, %v; want one", dir, pattern, found, err)
	}
	return found[0]
}

// debs are the two packages in dir for an architecture: tcptune, tcptune-server.
func debs(t *testing.T, dir, arch string) []string {
	t.Helper()
	return []string{find(t, dir, "tcptune_*_"+arch+".deb"), find(t, dir, "tcptune-server_*_"+arch+".deb")}
}

// must runs a program and returns what it prints.
func must(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", argv, err, out)
	}
	return string(out)
}

// machineArch is what dpkg calls this machine.
func machineArch(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(must(t, "dpkg", "--print-architecture"))
}
