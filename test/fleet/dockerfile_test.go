package fleet

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/test/container"
	"github.com/tcptune/tcptune/test/long"
)

// building makes the images that the Dockerfile begins with, and builds it: FLEET FOLDER UBUNTU DEBIAN. What buildah
// mounts is seen in the mount namespace of this script only, and what it stores is below FOLDER.
const building = `set -eu
fleet=$1 folder=$2
export HOME=$folder TMPDIR=$folder CONTAINERS_CONF=/dev/null CONTAINERS_STORAGE_CONF=$folder/storage.conf BUILDAH_ISOLATION=chroot
for dir in "$fleet"/usr/lib/*-linux-gnu "$fleet"/lib/*-linux-gnu; do LD_LIBRARY_PATH=$dir:${LD_LIBRARY_PATH:-}; done
export LD_LIBRARY_PATH
mount --make-rprivate /
printf '[storage]\ndriver = "vfs"\nrunroot = "%s/run"\ngraphroot = "%s/graph"\n' "$folder" "$folder" >"$folder/storage.conf"
buildah() { "$fleet/usr/bin/buildah" "$@"; }
policy="--signature-policy $fleet/etc/containers/policy.json"
image() {
	made=$(buildah from $policy scratch)
	buildah add --quiet "$made" "$2" /
	buildah commit --quiet --rm $policy "$made" "docker.io/library/$1"
}
image ubuntu:24.04 "$3"
image debian:13 "$4"
exec "$fleet/usr/bin/buildah" bud --pull-never --network none $policy --registries-conf "$fleet/etc/containers/registries.conf" \
	--output "type=tar,dest=$folder/root.tar" "$folder/context"
`

func TestTheDockerfileMakesATunedRoot(t *testing.T) {
	long.Only(t, "buildah copies a root folder for each step")
	fleet := absolute(t, "../../bin/fleet")
	if _, err := os.Stat(fleet + "/usr/bin/buildah"); err != nil {
		t.Skipf("%v: make test-all unpacks it", err)
	}
	// In the place of Debian 13, which cannot be had without a registry: the distribution of this machine.
	debian, err := container.Root(t.Context())
	var no container.Unavailable
	if errors.As(err, &no) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, argv := range [][]string{
		{"mkdir", dir + "/context"},
		{"cp", "../../deploy/docker/Dockerfile", "../../bin/tcptune", dir + "/context"},
		{"unshare", "--mount", "sh", "-c", building, "sh", fleet, dir, absolute(t, "../fixtures/ubuntu-24.04"), debian},
	} {
		if out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", argv[0], err, out)
		}
	}
	list, err := exec.CommandContext(t.Context(), "tar", "-tf", dir+"/root.tar").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Split(string(list), "\n")
	for _, name := range []string{"etc/os-release", "etc/modules-load.d/tcptune.conf"} {
		if !slices.Contains(files, name) {
			t.Errorf("the root has no %s:\n%s", name, list)
		}
	}
	if !strings.Contains(string(list), "-tcptune.conf") || slices.Contains(files, "usr/local/bin/tcptune") {
		t.Errorf("it is not tuned, or it holds more than the root:\n%s", list)
	}
}
