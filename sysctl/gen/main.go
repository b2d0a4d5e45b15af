// Gen compiles catalogue/catalogue.yaml, profile/profiles/*.yaml and lint/objections.yaml into Go: reading YAML would take longer than all
// the rest of a run. It is run by "go generate ./sysctl"; a test holds its output against the files in the tree.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/lint"
	"github.com/tcptune/tcptune/sysctl/profile"
)

func main() {
	for _, g := range []struct {
		file     string
		generate func(dir string) ([]byte, error)
	}{
		{"catalogue/catalogue_gen.go", generateCatalogue},
		{"profile/profiles_gen.go", generateProfiles},
		{"lint/objections_gen.go", generateObjections},
	} {
		out, err := g.generate(".")
		if err == nil {
			err = os.WriteFile(g.file, out, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
	}
}

// generateCatalogue compiles catalogue.yaml below dir.
func generateCatalogue(dir string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, "catalogue", "catalogue.yaml"))
	if err != nil {
		return nil, err
	}
	var data catalogue.Data
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&data); err != nil {
		return nil, fmt.Errorf("cannot read catalogue.yaml: %w", err)
	}
	if _, err := catalogue.New(data); err != nil {
		return nil, err
	}
	for i := range data.Keys { // what NewCatalogue fills in
		data.Keys[i].Order, data.Keys[i].Reviewed = 0, catalogue.KernelVersion{}
	}
	return source("catalogue", "catalogue.yaml", "compiled", data)
}

// generateProfiles compiles profiles/*.yaml below dir, the default profile first.
func generateProfiles(dir string) ([]byte, error) {
	var files []profile.File
	for _, name := range []string{"server", "classic", "wan", "latency", "proxy"} {
		path := "profiles/" + name + ".yaml"
		text, err := os.ReadFile(filepath.Join(dir, "profile", path))
		if err != nil {
			return nil, err
		}
		f, err := profile.Parse(text, path)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return source("profile", "profiles/*.yaml", "builtInFiles", files)
}

// generateObjections compiles objections.yaml below dir.
func generateObjections(dir string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, "lint", "objections.yaml"))
	if err != nil {
		return nil, err
	}
	var data lint.Objections
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&data); err != nil {
		return nil, fmt.Errorf("cannot read objections.yaml: %w", err)
	}
	for _, o := range data.Objections {
		if wrong := o.Check(); wrong != "" {
			return nil, fmt.Errorf("cannot use objections.yaml: %s: %s", o.Key, wrong)
		}
	}
	return source("lint", "objections.yaml", "compiled", data)
}
