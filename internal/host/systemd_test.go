package host

import (
	"errors"
	"io/fs"
	"testing"
)

func TestSystemdVersion(t *testing.T) {
	t.Parallel()
	status := "Package: systemd\nStatus: install ok installed\nVersion: 259.1-1ubuntu1\n"
	tests := map[string]struct {
		files map[string]string
		want  int
	}{
		"Ubuntu 22.04":          {map[string]string{"/usr/lib/systemd/libsystemd-shared-249.so": "", "/lib": "-> usr/lib"}, 249},
		"Ubuntu 24.04":          {map[string]string{"/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-255.so": ""}, 255},
		"a tag of Debian's":     {map[string]string{"/usr/lib/aarch64-linux-gnu/systemd/libsystemd-shared-257.9-1~deb13u1.so": ""}, 257},
		"in the middle of it":   {map[string]string{"/lib/systemd/libsystemd-shared-255.so": "", "/lib/systemd/libsystemd-shared-259.so": ""}, 259},
		"by dpkg":               {map[string]string{"/var/lib/dpkg/status": status}, 259},
		"none":                  {map[string]string{"/var/lib/dpkg/status": "Package: bash\nStatus: install ok installed\n"}, 0},
		"neither dpkg nor libs": {map[string]string{"/etc/": ""}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tree(t, test.files).SystemdVersion()
			if got != test.want || (test.want == 0) != errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %d, %v, want %d", got, err, test.want)
			}
		})
	}
}

func TestSystemdBooted(t *testing.T) {
	t.Parallel()
	if !tree(t, map[string]string{"/run/systemd/system/": ""}).systemdBooted() {
		t.Error("a folder /run/systemd/system is not taken for systemd")
	}
	// Installing the package makes /run/systemd, but not what sd_booted(3) looks for.
	if tree(t, map[string]string{"/run/systemd/sessions/": ""}).systemdBooted() {
		t.Error("/run/systemd is taken for systemd")
	}
}
