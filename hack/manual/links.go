package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeLinks gives each command a page of its own name in the folder dir, tcptune-go-install.8: a line that has man
// read the page that describes it (the request "so", man(1)), relative to the top of the manual.
func (m manual) writeLinks(dir string) error {
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
		return err
	}
	for _, path := range named(m.tcptune) {
		first, _, _ := strings.Cut(path, " ")
		target, described := m.pages[first]
		file := "tcptune-" + strings.ReplaceAll(path, " ", "-") + ".8"
		switch {
		case !described:
			return fmt.Errorf("no page describes tcptune %s", path)
		case file == target:
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(".so man8/"+target+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// named lists all visible commands below group, groups too, as they are typed: "go", "go install".
func named(group command) (paths []string) {
	for _, c := range group.Commands {
		if c.Hidden {
			continue
		}
		paths = append(paths, c.Name)
		for _, below := range named(c) {
			paths = append(paths, c.Name+" "+below)
		}
	}
	return paths
}
