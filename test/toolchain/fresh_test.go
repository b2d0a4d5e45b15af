package toolchain

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/test/container"
	"github.com/tcptune/tcptune/test/long"
	schematest "github.com/tcptune/tcptune/test/schema"
)

// fresh runs a program in the root $1, of which nothing is changed: what it writes goes to $2, which has what the machine
// knows of names and of certificates. go.dev is not reachable there. What follows is the command.
const fresh = `
root=$1 own=$2; shift 2
mount --make-rprivate /
mkdir -p $own/root; mount --bind $root $own/root; mount -o remount,bind,ro $own/root
for p in etc usr/local var/lib var/cache var/log run tmp root; do
	[ -e $own/is/$p ] || { mkdir -p $own/is/$p; cp -a $root/$p/. $own/is/$p; }
	mount --bind $own/is/$p $own/root/$p
done
mount -t proc proc $own/root/proc; mount --rbind /dev $own/root/dev
cd $own/root/etc; rm -rf os-release resolv.conf ssl
cp $own/os-release os-release; cp -L /etc/resolv.conf resolv.conf; cp -a /etc/ssl ssl
{ grep -v go.dev /etc/hosts; echo 127.0.0.1 go.dev; } >hosts
cp $own/tcptune $own/root/root/tcptune
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root chroot $own/root "$@"
`

// A host that has never had a Go, and reaches nothing but the module proxy, needs no setting.
func TestAFreshRootWithoutGoGetsItsFirstOneWithoutASetting(t *testing.T) {
	long.Only(t, "a whole toolchain is fetched and unpacked in a root of its own")
	list := proxy(t)
	line, err := exec.CommandContext(t.Context(), "../../hack/go-proxy.sh").Output()
	if err != nil {
		t.Fatal(err)
	}
	builtIn := strings.TrimSpace(string(line))
	if builtIn != list {
		t.Logf("what is built in is not what this machine reaches: GOPROXY of the machine is built in instead of %q", builtIn)
		builtIn = list
	}
	root, err := container.Root(t.Context())
	var no container.Unavailable
	if errors.As(err, &no) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	own := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.goProxy="+builtIn, "-o", filepath.Join(own, "tcptune"),
		"../../cmd/tcptune")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build tcptune: %v\n%s", err, text)
	}
	release, err := os.ReadFile("../fixtures/ubuntu-24.04/usr/lib/os-release")
	if err == nil {
		err = os.WriteFile(filepath.Join(own, "os-release"), release, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	run := func(argv ...string) (stdout, stderr string) {
		t.Helper()
		var out, errs strings.Builder
		cmd := exec.CommandContext(t.Context(), "unshare", append([]string{
			"--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", fresh, "sh", root, own,
		}, argv...)...)
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("%q: %v\n%s%s", argv, err, out.String(), errs.String())
		}
		return out.String(), errs.String()
	}
	if out, _ := run("sh", "-c", "command -v go || echo none"); out != "none\n" {
		t.Fatalf("there is a go: %s", out)
	}
	out, said := run("/root/tcptune", "go", "install", "--json")
	t.Log(strings.TrimSpace(said))
	schematest.Validate(t, []byte(out))
	var r report.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Versions) != 1 || r.Versions[0].Source != "module" || r.Versions[0].State != "active" ||
		!strings.Contains(strings.Join(r.Versions[0].Verified, " "), "checksum database") {
		t.Fatalf("got %+v, want one from the module proxy that is active and proven", r.Versions)
	}
	for _, look := range [][]string{{"go", "version"}, {"/root/tcptune", "go", "list"}, {"/root/tcptune", "go", "verify"}} {
		if out, _ := run(look...); !strings.Contains(out, r.Versions[0].Target) {
			t.Errorf("%q says %q, want %s", look, out, r.Versions[0].Target)
		}
	}
}
