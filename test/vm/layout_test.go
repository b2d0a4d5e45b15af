package vm

import "testing"

// The files of each release, where it has them, read by a real systemd-sysctl and a real sysctl: what status foretells
// is what comes. In each fixture somebody else sets one of our keys; see test/fixtures/README.md.
func TestStatusIsRightAboutTheFilesOfEachRelease(t *testing.T) {
	wholeList(t)
	for release, parts := range map[string][]string{
		"22.04": {"etc/sysctl.conf", "etc/sysctl.d", "usr/lib/sysctl.d", "opt"},
		"24.04": {"etc/sysctl.conf", "etc/sysctl.d", "usr/lib/sysctl.d"},
		"26.04": {"etc/sysctl.d", "usr/lib/sysctl.d"},
	} {
		t.Run(release, func(t *testing.T) {
			m := installedOn(t, release)
			m.Script(t, "rm -rf /etc/sysctl.conf /etc/sysctl.d /usr/lib/sysctl.d; tcptune apply")
			m.CopyTree(t, "../fixtures/ubuntu-"+release, "/", parts...)
			foretold, code := m.status(t)
			if code != 2 && code != 4 {
				t.Errorf("status with a file that overrules us: exit %d", code)
			}
			overruled := 0
			for _, k := range foretold {
				if k.AfterReboot != nil && k.Wanted != nil && *k.AfterReboot != *k.Wanted {
					overruled++
				}
			}
			if overruled == 0 {
				t.Error("nothing overrules us: nothing can be shown")
			}
			m.Reboot(t)
			m.hasKeys(t, foretold, func(k wantedKey) *string { return k.AfterReboot })
			m.Run(t, "sysctl", "--system") // fails where this kernel lacks a key of the files
			m.hasKeys(t, foretold, func(k wantedKey) *string { return k.AfterSystem })

			// Once more: our file takes a name behind theirs.
			m.Script(t, "tcptune apply")
			if foretold, code = m.status(t); code != 0 {
				t.Errorf("status after another apply: exit %d\n%s", code, m.Run(t, "tcptune", "status").Stdout)
			}
			m.Script(t, "systemctl restart systemd-sysctl.service")
			m.hasKeys(t, foretold, func(k wantedKey) *string { return k.Wanted })
		})
	}
}
