package profile

import (
	"testing"

	"github.com/tcptune/tcptune/sysctl/catalogue"
)

const gib = 1 << 30

func loadCatalogue(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func lookup(t testing.TB, name string) catalogue.Key {
	t.Helper()
	k, err := loadCatalogue(t).Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// What is routing's business, and what does nothing, is explained and never written.
func TestNoBuiltInProfileSetsWhatIsNotOursOrHasNoEffect(t *testing.T) {
	cat := loadCatalogue(t)
	for _, f := range builtInFiles() {
		p, err := Load(files(nil), cat, f.Name.Text)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range p.Keys {
			if k := lookup(t, w.Key); k.NotOurs != "" || k.NoEffect.Known() {
				t.Errorf("profile %s sets %s: not ours: %q, without effect since %s", p.Name, k.Name, k.NotOurs, k.NoEffect)
			}
		}
	}
}
