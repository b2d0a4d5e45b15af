// Gen compiles catalogue.yaml and profiles/*.yaml into Go: reading YAML would take longer than all the rest of a run.
// It is run by "go generate ./sysctl"; a test holds its output against the files in the tree.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"github.com/tcptune/tcptune/sysctl"
)

func main() {
	for _, g := range []struct {
		file     string
		generate func(dir string) ([]byte, error)
	}{{"catalogue_gen.go", generateCatalogue}, {"profiles_gen.go", generateProfiles}} {
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

// generateCatalogue compiles catalogue.yaml of the package in dir.
func generateCatalogue(dir string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, "catalogue.yaml"))
	if err != nil {
		return nil, err
	}
	var data sysctl.CatalogueData
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&data); err != nil {
		return nil, fmt.Errorf("cannot read catalogue.yaml: %w", err)
	}
	if _, err := sysctl.NewCatalogue(data); err != nil {
		return nil, err
	}
	for i := range data.Keys { // what NewCatalogue fills in
		data.Keys[i].Order, data.Keys[i].Reviewed = 0, sysctl.KernelVersion{}
	}
	return source("catalogue.yaml", "catalogueData", data)
}

// generateProfiles compiles profiles/*.yaml of the package in dir, the default profile first.
func generateProfiles(dir string) ([]byte, error) {
	var files []sysctl.ProfileFile
	for _, name := range []string{"server", "classic", "wan", "latency", "proxy"} {
		path := "profiles/" + name + ".yaml"
		text, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return nil, err
		}
		f, err := sysctl.ParseProfile(text, path)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return source("profiles/*.yaml", "profileFiles", files)
}
