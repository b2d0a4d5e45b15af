package packaging

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/test/container"
)

// piuparts installs the packages in a fresh root, upgrades to the next ones, removes and purges them, and looks what is
// left. The root is that of the machines.
func TestPiuparts(t *testing.T) {
	dir, next, repo := folder(t, "deb"), folder(t, "deb/next"), folder(t, "apt-repo/public")
	if os.Geteuid() != 0 {
		t.Skip("piuparts needs root")
	}
	root, err := container.Root(t.Context())
	var no container.Unavailable
	if errors.As(err, &no) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	arch := machineArch(t)
	suite := strings.TrimSpace(must(t, "sh", "-c", `. "$1/etc/os-release" && echo "$VERSION_CODENAME"`, "sh", root))
	piuparts := []string{"piuparts", "--existing-chroot=" + root, "--distribution=" + suite, "--no-eatmydata"}
	t.Run("install and purge", func(t *testing.T) {
		must(t, slices.Concat(piuparts, []string{"--no-upgrade-test"}, debs(t, dir, arch))...)
	})
	t.Run("upgrade", func(t *testing.T) {
		extra := []string{
			"--no-install-purge-test", "--bindmount=" + repo,
			"--extra-repo=deb [trusted=yes] file:" + repo + " stable main",
		}
		must(t, slices.Concat(piuparts, extra, debs(t, next, arch))...)
	})
}
