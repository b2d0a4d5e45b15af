package whowins

import (
	"testing"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/test/whowins"
)

func TestDetectVersions(t *testing.T) {
	const installed = "Status: install ok installed\n"
	for name, test := range map[string]struct {
		status string
		want   Versions
	}{
		"both": {
			"Package: libprocps8\n" + installed + "Version: 1\n\nPackage: procps\n" + installed + "Version: 2:3.3.17-6ubuntu2\n\nPackage: systemd\n" +
				installed + "Architecture: amd64\nVersion: 249.11-0ubuntu3.16\nDescription: x\n Version: 3\n",
			jammy(),
		},
		"removed":   {"Package: procps\nStatus: deinstall ok config-files\nVersion: 2:4.0.4-9\n", Versions{}},
		"candidate": {"Package: systemd\n" + installed + "Version: 256~rc3-5\n", Versions{Systemd: 256}},
		"not a name": {
			"Package: a\nDescription: see\n Package: systemd\n\nPackage: systemd-dev\n" + installed + "Version: 1\n", Versions{},
		},
		"no database": {"", Versions{}},
	} {
		tree := whowins.Files(contents{})
		if test.status != "" {
			tree = whowins.Files(contents{dpkgStatus: test.status})
		}
		got, err := DetectVersions(tree)
		if err != nil || got != test.want {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, test.want)
		}
	}
}

func TestAtLeast(t *testing.T) {
	for version, want := range map[string]bool{
		"3.3.17": false, "4.0.4": false, "4.0.5": true, "4.0.5rc1": true, "4.0.10": true, "4.1": true, "5": true, "": false,
	} {
		if got := atLeast(version, "4.0.5"); got != want {
			t.Errorf("atLeast(%q, 4.0.5) = %v", version, got)
		}
	}
}

func BenchmarkDetectVersions(b *testing.B) {
	for b.Loop() {
		if _, err := DetectVersions(host.Host{}); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzInstalledVersion(f *testing.F) {
	f.Add([]byte("Package: systemd\nStatus: install ok installed\nVersion: 1:255.4-1\n\n"))
	f.Add([]byte("Package: systemd\n"))
	f.Fuzz(func(t *testing.T, status []byte) {
		v := upstreamVersion(status, "systemd")
		_ = atLeast(v, "4.0.5")
	})
}
