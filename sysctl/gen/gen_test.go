package main

import (
	"bytes"
	"os"
	"testing"
)

func TestCompiledDataAreThoseOfTheYAMLFiles(t *testing.T) {
	for file, generate := range map[string]func(string) ([]byte, error){
		"catalogue/catalogue_gen.go": generateCatalogue,
		"profile/profiles_gen.go":    generateProfiles,
		"lint/objections_gen.go":     generateObjections,
	} {
		want, err := generate("..")
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile("../" + file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what its YAML says: run \"go generate ./sysctl\"", file)
		}
	}
}

// A profile that is in the folder and not in the list of the generator would silently be no profile.
func TestEveryProfileIsCompiledIn(t *testing.T) {
	files, err := os.ReadDir("../profile/profiles")
	if err != nil {
		t.Fatal(err)
	}
	out, err := generateProfiles("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !bytes.Contains(out, []byte(`"profiles/`+f.Name()+`"`)) {
			t.Errorf("profiles/%s is not in the list of the generator", f.Name())
		}
	}
}
