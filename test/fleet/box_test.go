package fleet

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// box is a host of its own on the machine's kernel: a network namespace, the files of an Ubuntu, and whatever else
// belongs to the whole machine not to be written. It ends with the test.
type box struct {
	*testing.T
	in  io.WriteCloser
	out *bufio.Scanner
}

const furnish = `set -e
mount --make-rprivate /
ip link set lo up
for d in kernel vm fs; do mount --bind /proc/sys/$d /proc/sys/$d; mount -o remount,bind,ro /proc/sys/$d; done
for d in /run /var/log; do mount -t tmpfs -o mode=755 tmpfs $d; done
for d in /etc /var/lib /usr/lib/sysctl.d; do mkdir -p "$1$d"; mount --bind "$1$d" $d; done
exec sh 2>&1`

func newBox(t *testing.T) box {
	t.Helper()
	image := filepath.Join(t.TempDir(), "host")
	if out, err := run(t, nil, "cp", "-a", "../fixtures/ubuntu-24.04", image); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--net", "--mount", "sh", "-c", furnish, "sh", image)
	cmd.Env = append(cmd.Environ(), "PATH="+bin+":"+"/usr/sbin:/usr/bin:/sbin:/bin")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	return box{t, in, bufio.NewScanner(out)}
}

// does runs a command in the box, which has to end with one of the codes that are good, 0 where none is named.
func (b box) does(command string, good ...int) {
	b.Helper()
	if _, err := fmt.Fprintf(b.in, "( %s\n) </dev/null\necho \"=$?\"\n", command); err != nil {
		b.Fatal(err)
	}
	var said strings.Builder
	for b.out.Scan() {
		line := b.out.Text()
		if !strings.HasPrefix(line, "=") {
			said.WriteString(line + "\n")
			continue
		}
		for _, code := range append(good, 0)[:max(len(good), 1)] {
			if line == fmt.Sprintf("=%d", code) {
				return
			}
		}
		b.Fatalf("%s: %s\n%s", command, line, said.String())
	}
	b.Fatalf("%s: the box has ended\n%s", command, said.String())
}
