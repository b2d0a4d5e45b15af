package docs

import (
	"slices"
	"strings"
	"testing"
)

// exception is a command line of tcptune that cannot be run here. It is parsed all the same, by a test of cmd/tcptune.
type exception struct {
	command string // "go install"
	flag    string // only with this flag; "" for all
	why     string
}

// exceptions is the whole list.
func exceptions() []exception {
	return []exception{
		{"apply", "--confirm", "an image has no running values to take back; cmd/tcptune runs it in namespaces"},
		{"confirm", "", "there is nothing to confirm without a running host; cmd/tcptune runs it in namespaces"},
		{"diagnose", "", "it looks at the transfers of the machine; test/diagnose runs it where there are some"},
		{"go install", "", "the network; cmd/tcptune and installer/fetch install from a mirror of their own"},
		{"go rollback", "", "nothing was installed before; installer and test/script run it"},
		{"go verify", "", "nothing was installed before; installer and test/script run it"},
		{"go list", "--remote", "the network"},
		{"go list", "--shells", "an image runs no shell; installer and test/toolchain ask real ones"},
		{"service status", "", "a booted systemd; test/container runs it"},
		{"service restart", "", "a booted systemd; test/container runs it"},
		{"service reload", "", "a booted systemd; test/container runs it"},
		{"service pprof", "", "a server that runs; service and cmd/tcptune-server run it"},
	}
}

func exceptional(command string, words []string) bool {
	return slices.ContainsFunc(exceptions(), func(e exception) bool {
		return e.command == command && (e.flag == "" || slices.Contains(words, e.flag))
	})
}

// isMake reports whether a line calls make. It would build and install the project; TestMakeTargetsExist looks up the
// target.
func isMake(line string) bool {
	return strings.HasPrefix(strings.TrimPrefix(line, "sudo "), "make ") || line == "make"
}

// An exception that no page needs any more is taken off the list.
func TestEveryExceptionOccurs(t *testing.T) {
	for _, e := range exceptions() {
		occurs := func(line string) bool {
			return strings.Contains(line, "tcptune "+e.command) && strings.Contains(line, e.flag)
		}
		found := false
		for _, p := range pages(t) {
			for _, b := range p.Blocks() {
				found = found || slices.ContainsFunc(strings.Split(b.Text, "\n"), occurs)
			}
		}
		if !found {
			t.Errorf("no page shows tcptune %s %s", e.command, e.flag)
		}
	}
}
