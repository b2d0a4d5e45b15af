package packaging

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bom is what a list of modules in the form of CycloneDX says.
type bom struct {
	BomFormat    string
	SerialNumber string
	Metadata     struct {
		Timestamp string
		Component struct{ Name, Version string }
	}
	Components []struct {
		Ref           string `json:"bom-ref"`
		Name, Version string
	}
}

// What is linked is what the program itself says of it, which the linker has written.
func TestPackagesListEachModuleThatIsLinked(t *testing.T) {
	dir := folder(t, "deb")
	for _, arch := range []string{"amd64", "arm64"} {
		for _, deb := range debs(t, dir, arch) {
			t.Run(filepath.Base(deb), func(t *testing.T) {
				root := t.TempDir()
				must(t, "dpkg-deb", "--extract", deb, root)
				program, _, _ := strings.Cut(filepath.Base(deb), "_")
				inside := filepath.Join(root, "usr/share/doc", program, "sbom.cdx.json")
				if got, want := sum(t, strings.TrimSuffix(deb, ".deb")+".cdx.json"), sum(t, inside); got != want {
					t.Errorf("the list beside the package is another one than that in it: %s, %s", got, want)
				}
				list := readBOM(t, inside)
				if diff := cmp.Diff(linked(t, filepath.Join(root, "usr/bin", program)), list.modules()); diff != "" {
					t.Errorf("linked (-) and listed (+):\n%s", diff)
				}
				list.isRepeatable(t)
			})
		}
	}
}

// linked are the modules of a program, and the version of Go, as "go version -m" tells them.
func linked(t *testing.T, program string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(must(t, "go", "version", "-m", program)) {
		f := strings.Fields(line)
		if f[0] == "dep" {
			all[f[1]] = f[2]
		} else if f[0] == program+":" {
			all["std"] = f[1]
		}
	}
	if len(all) < 5 {
		t.Fatalf("%s: %v cannot be all of it", program, slices.Collect(maps.Keys(all)))
	}
	return all
}

func readBOM(t *testing.T, file string) bom {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b bom
	if err := json.Unmarshal(data, &b); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	of := b.Metadata.Component
	if b.BomFormat != "CycloneDX" || of.Name != "github.com/tcptune/tcptune" || of.Version == "" {
		t.Errorf("%s: it is a %s of %+v", file, b.BomFormat, of)
	}
	return b
}

func (b bom) modules() map[string]string {
	all := map[string]string{}
	for _, c := range b.Components {
		all[c.Name] = c.Version
	}
	return all
}

// isRepeatable checks that nothing in it tells one build from another.
func (b bom) isRepeatable(t *testing.T) {
	t.Helper()
	if b.SerialNumber != "" || b.Metadata.Timestamp != "" {
		t.Errorf("it has a serial number or a time: %q, %q", b.SerialNumber, b.Metadata.Timestamp)
	}
	var refs []string
	for _, c := range b.Components {
		refs = append(refs, c.Ref)
	}
	if !slices.IsSorted(refs) {
		t.Errorf("it is not sorted: %q", refs)
	}
}
