package toolchain

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pretender is a toolchain that answers two commands. What it says and builds is up to the test.
const pretender = `#!/bin/sh
case $1 in
version) %s ;;
build) %s ;;
esac
`

// packed is an archive of a toolchain with this program.
func (h ownHost) packed(version, program string) []byte {
	h.Helper()
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	tw := tar.NewWriter(zw)
	for name, text := range map[string]string{
		"go/VERSION": "go" + version + "\n", "go/bin/go": program,
		"go/bin/gofmt": program,
	} {
		h.check(tw.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}))
		_, err := tw.Write([]byte(text))
		h.check(err)
	}
	h.check(tw.Close())
	h.check(zw.Close())
	return packed.Bytes()
}

// archive puts such an archive on the host and returns the command that installs it.
func (h ownHost) archive(version, program string) []string {
	h.Helper()
	data := h.packed(version, program)
	file := fmt.Sprintf("/var/lib/go%s.linux-%s.tar.gz", version, runtime.GOARCH)
	h.check(os.WriteFile(file, data, 0o644))
	return []string{"go", "install", "--file", file, "--sha256", sum(data)}
}

func sum(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }

// good is the program of a toolchain that works, as far as it is tried out.
func good(version string) string {
	return fmt.Sprintf(pretender, "echo go version go"+version+" linux/any",
		`printf '#!/bin/sh\necho go`+version+`\n' >$3 && chmod 755 $3`)
}

// A toolchain that does not work here never becomes the active one, and nothing is left of it.
func TestAToolchainThatDoesNotWorkIsNotInstalled(t *testing.T) {
	h, ok := enter(t)
	if !ok {
		return
	}
	h.tcptune(0, h.archive("1.99.1", good("1.99.1"))...)
	says := "echo go version go1.99.2 linux/any"
	for name, tc := range map[string]struct{ program, want string }{
		"it is for another machine": {"\x7fELF\x02\x01\x01", "it does not run"},
		"it crashes":                {fmt.Sprintf(pretender, "kill -SEGV $$", ":"), "it does not run"},
		"it is another version":     {good("1.99.3"), `it says that it is Go "1.99.3"`},
		"it does not compile": {
			fmt.Sprintf(pretender, says, "echo internal compiler error >&2; exit 2"),
			"it does not build a program: cannot run /usr/local/lib/tcptune/go/.1.99.2.tcptune-new/bin/go: exit status 2: internal compiler error",
		},
		"it builds nothing": {fmt.Sprintf(pretender, says, ":"), "the program that it has built does not run"},
		"it builds something else": {fmt.Sprintf(pretender, says,
			`printf '#!/bin/sh\necho go1.99.1\n' >$3 && chmod 755 $3`), "the program that it has built says \"go1.99.1\""},
		"it wants to write to its own": {fmt.Sprintf(pretender, "touch $(dirname $0)/x && "+says, ":"), "it does not run"},
		"it has no network to ask": {
			fmt.Sprintf(pretender, says,
				"test $GOPROXY$GOSUMDB$GOTOOLCHAIN = offofflocal && exit 3"),
			"it does not build a program: cannot run /usr/local/lib/tcptune/go/.1.99.2.tcptune-new/bin/go: exit status 3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := ownHost{t}
			install := h.archive("1.99.2", tc.program)
			before := h.inventory()
			_, said := h.tcptune(1, install...)
			h.says(said, "cannot use Go 1.99.2 here: "+tc.want)
			if after := h.inventory(); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
			h.says(h.sh("go version"), "go1.99.1")
		})
	}
}

// Whoever comes second waits, if he wants to.
func TestConcurrentChangesOfGoTakeTurns(t *testing.T) {
	h, ok := enter(t)
	if !ok {
		return
	}
	one, two := h.archive("1.99.1", good("1.99.1")), h.archive("1.99.2", good("1.99.2"))
	lock, err := os.OpenFile("/run/tcptune.lock", os.O_RDWR|os.O_CREATE, 0o600)
	h.check(err)
	h.check(unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	_, said := h.tcptune(75, one...)
	h.says(said, "another tcptune is at work")
	release := time.AfterFunc(200*time.Millisecond, func() { _ = lock.Close() })
	defer release.Stop()
	first := exec.CommandContext(t.Context(), os.Getenv(itsProgram), append(one, "--wait", "10m")...)
	h.check(first.Start())
	h.tcptune(0, append(two, "--wait", "10m")...)
	h.check(first.Wait())
	out, _ := h.tcptune(0, "go", "list")
	h.says(out, "1.99.1")
	h.says(out, "1.99.2")
}
