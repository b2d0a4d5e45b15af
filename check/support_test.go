package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
)

// support gives the verdict of the embedded matrix about a release and an architecture.
func support(tb testing.TB, release host.OSRelease, arch string) Verdict {
	tb.Helper()
	m, err := supportMatrix()
	if err != nil {
		tb.Fatal(err)
	}
	return worst(m.release(release), m.architecture(arch))
}

func TestSupport(t *testing.T) {
	tests := []struct {
		id, version, arch string
		want              Level
	}{
		{"ubuntu", "22.04", "amd64", LevelSupported},
		{"ubuntu", "24.04", "arm64", LevelSupported},
		{"ubuntu", "24.10", "amd64", LevelSupported},
		{"ubuntu", "25.04", "amd64", LevelSupported},
		{"ubuntu", "25.10", "amd64", LevelSupported},
		{"ubuntu", "26.04", "amd64", LevelSupported},
		{"ubuntu", "26.10", "amd64", LevelSupported},
		{"ubuntu", "27.04", "amd64", LevelCompatible},  // an interim that nobody has reviewed
		{"ubuntu", "28.10", "amd64", LevelCompatible},  //
		{"ubuntu", "28.04", "amd64", LevelUnsupported}, // an LTS gets a line of its own first
		{"ubuntu", "20.04", "amd64", LevelUnsupported},
		{"ubuntu", "22.10", "amd64", LevelUnsupported}, // interims before 24.10
		{"ubuntu", "23.10", "amd64", LevelUnsupported},
		{"ubuntu", "24.4", "amd64", LevelUnsupported},
		{"ubuntu", "", "amd64", LevelUnsupported},
		{"debian", "12", "amd64", LevelCompatible},
		{"debian", "13", "amd64", LevelCompatible},
		{"debian", "11", "amd64", LevelUnsupported},
		{"debian", "14", "amd64", LevelUnsupported},
		{"debian", "", "amd64", LevelUnsupported}, // testing and sid
		{"debian", "27.04", "amd64", LevelUnsupported},
		{"linuxmint", "22", "amd64", LevelUnsupported},
		{"fedora", "42", "amd64", LevelUnsupported},
		{"linux", "", "amd64", LevelUnsupported},
		{"ubuntu", "24.04", "riscv64", LevelCompatible},
		{"ubuntu", "24.04", "ppc64el", LevelCompatible},
		{"ubuntu", "24.04", "ppc64le", LevelCompatible},
		{"ubuntu", "24.04", "x86_64", LevelSupported},
		{"ubuntu", "24.04", "s390x", LevelCompatible},
		{"ubuntu", "24.04", "armhf", LevelCompatible},
		{"ubuntu", "24.04", "i386", LevelUnsupported},
		{"ubuntu", "24.04", "loong64", LevelUnsupported},
		{"debian", "12", "s390x", LevelCompatible},
		{"debian", "12", "mips", LevelUnsupported},
	}
	for _, test := range tests {
		name := test.id + " " + test.version
		got := support(t, host.OSRelease{ID: test.id, VersionID: test.version, PrettyName: name}, test.arch)
		if got.Level != test.want {
			t.Errorf("%s on %s: %s (%s), want %s", name, test.arch, got.Level, got.Reason, test.want)
		}
	}
}

func TestVerdictsSayWhatWasFoundAndWhatIsKnown(t *testing.T) {
	tests := []struct {
		release host.OSRelease
		arch    string
		want    string
	}{
		{
			host.OSRelease{ID: "ubuntu", VersionID: "24.04", PrettyName: "Ubuntu 24.04.2 LTS"},
			"amd64",
			"Ubuntu 24.04.2 LTS is supported; architecture amd64 is supported",
		},
		{
			host.OSRelease{ID: "debian", VersionID: "13", PrettyName: "Debian GNU/Linux 13 (trixie)"},
			"amd64",
			"Debian GNU/Linux 13 (trixie) is compatible: tcptune goes on, but is tested on Ubuntu",
		},
		{
			host.OSRelease{ID: "ubuntu", VersionID: "24.04", PrettyName: "Ubuntu"},
			"riscv64",
			"architecture riscv64 is compatible: tcptune goes on, but is tested on amd64 and arm64",
		},
		{
			host.OSRelease{ID: "ubuntu", VersionID: "27.04", PrettyName: "Ubuntu 27.04"},
			"amd64",
			"Ubuntu 27.04 is newer than this tcptune, and not yet reviewed",
		},
		{
			host.OSRelease{ID: "alpine", PrettyName: "Alpine Linux edge"},
			"mips",
			"Alpine Linux edge (ID=alpine VERSION_ID=none) is not supported; supported: ubuntu 22.04, 24.04, 24.10, 25.04, 25.10, 26.04, 26.10; " +
				"compatible: debian 12, 13; architecture mips is not supported; supported are amd64 and arm64",
		},
	}
	for _, test := range tests {
		if got := support(t, test.release, test.arch); got.Reason != test.want {
			t.Errorf("got  %s\nwant %s", got.Reason, test.want)
		}
	}
}

func TestMatrixIsDecodedStrictly(t *testing.T) {
	const good = "kernel: \"5.15\"\ninterim: compatible\nreleases: [{id: ubuntu, version: \"24.04\", level: supported}]\narchitectures: {amd64: supported}\n"
	if _, err := parseMatrix([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"a field that nobody knows": {"kernel:", "kernal:"},
		"a level that is none":      {"level: supported", "level: supprted"},
		"unsupported is no entry":   {"amd64: supported", "amd64: unsupported"},
		"no interim":                {"interim: compatible\n", ""},
		"no version":                {"version: \"24.04\", ", ""},
		"a kernel that is none":     {"5.15", "five"},
		"the same field twice":      {"interim: compatible\n", "interim: compatible\ninterim: supported\n"},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if _, err := parseMatrix([]byte(text)); text == good || err == nil {
			t.Errorf("%s: is taken", name)
		}
	}
}

func TestMatrixIsSorted(t *testing.T) {
	m, err := supportMatrix()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(m.Releases, func(a, b supportRelease) int {
		if a.ID != b.ID {
			return 0
		}
		return host.CompareReleases(a.Version, b.Version)
	}) {
		t.Error("support.yaml is not in the order of releases")
	}
}

func FuzzParseMatrix(f *testing.F) {
	f.Add(supportYAML)
	f.Add([]byte("releases: [{id: a"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseMatrix(data)
		if err != nil {
			return
		}
		for _, r := range m.Releases {
			if got := m.release(host.OSRelease{ID: r.ID, VersionID: r.Version}).Level; got != LevelSupported && got != LevelCompatible {
				t.Errorf("%+v is %s", r, got)
			}
		}
	})
}

func BenchmarkSupport(b *testing.B) {
	release := host.OSRelease{ID: "ubuntu", VersionID: "24.04"}
	for b.Loop() {
		_ = support(b, release, "amd64")
	}
}
