package fetch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/test/mirror"
)

func TestAReleaseListIsReadAsGoDevServesIt(t *testing.T) {
	t.Parallel()
	list := mirror.List(
		mirror.Archive{Version: "go1.26.3", Arch: "amd64", Data: []byte("a")},
		mirror.Archive{Version: "go1.26.3", Arch: "armv6l", Data: []byte("b")},
		mirror.Archive{Version: "go1.27rc1", Arch: "amd64", Data: []byte("c")})
	releases, err := parseReleases(list)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range releases {
		for _, b := range r.builds {
			got = append(got, fmt.Sprint(r.version, " ", b.arch, " ", b.name, " ", b.size, " ", b.sha256[:4]))
		}
	}
	want := []string{
		"1.26.3 amd64 go1.26.3.linux-amd64.tar.gz 1 ca97", "1.26.3 armv6l go1.26.3.linux-armv6l.tar.gz 1 3e23",
		"1.27rc1 amd64 go1.27rc1.linux-amd64.tar.gz 1 2e7d",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("builds (-want +got):\n%s", diff)
	}
}

func TestReleaseListsThatCannotBeRightAreRefused(t *testing.T) {
	t.Parallel()
	good := string(mirror.List(mirror.Archive{Version: "go1.26.3", Arch: "amd64", Data: []byte("a")}))
	for name, list := range map[string]string{
		"no JSON":         "<html>",
		"empty":           "[]",
		"another type":    `{"version":"go1.26.3"}`,
		"a path for name": strings.Replace(good, `"go1.26.3.linux-amd64.tar.gz"`, `"../../go1.26.3.linux-amd64.tar.gz"`, 1),
		"the wrong name":  strings.Replace(good, `"go1.26.3.linux-amd64.tar.gz"`, `"go1.26.2.linux-amd64.tar.gz"`, 1),
		"a negative size": strings.Replace(good, `"size": 1,
    "kind": "archive"`, `"size": -1, "kind": "archive"`, 1),
		"an absurd size": strings.Replace(good, `"size": 1,
    "kind": "archive"`, `"size": 9999999999, "kind": "archive"`, 1),
		"only odd versions": strings.ReplaceAll(good, "go1.26.3", "go-next"),
	} {
		if releases, err := parseReleases([]byte(list)); err == nil {
			t.Errorf("%s: %+v, want an error", name, releases)
		}
	}
}

func FuzzParseReleases(f *testing.F) {
	f.Add(mirror.List(mirror.Archive{Version: "go1.26.3", Arch: "amd64", Data: []byte("a")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		releases, err := parseReleases(data)
		if err != nil {
			return
		}
		for _, r := range releases {
			for _, b := range r.builds {
				if strings.ContainsAny(b.name, "/\\") || len(b.sha256) != 64 || b.size <= 0 || b.size > maxArchive {
					t.Errorf("build %+v", b)
				}
			}
		}
	})
}
