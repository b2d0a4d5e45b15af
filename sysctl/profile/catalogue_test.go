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
