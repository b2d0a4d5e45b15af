package packaging

import (
	"errors"
	"os"
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
	piuparts := []string{"piuparts", "--existing-chroot=" + root, "--no-eatmydata", "--warn-on-usr-move=disabled"}
	t.Run("install and purge", func(t *testing.T) {
		must(t, append(append(piuparts, "--no-upgrade-test"), debs(t, dir, arch)...)...)
	})
	t.Run("upgrade", func(t *testing.T) {
		must(t, append(append(piuparts, "--no-install-purge-test", "--bindmount="+repo,
			"--extra-repo=deb [trusted=yes] file:"+repo+" stable main"), debs(t, next, arch)...)...)
	})
}
