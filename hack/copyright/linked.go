package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// grant is a folder with a licence of its own: a module, or a part of one that came from elsewhere.
type grant struct {
	path    string // of the folder as it lies in vendor/: "golang.org/x/sys"
	module  string
	dir     string // where it lies on this machine
	license string // the name of its licence file
}

// linkedGrants lists, by path, the grants of all packages of other modules that the programs below root link.
func linkedGrants(ctx context.Context, root string) ([]grant, error) {
	found := map[string]grant{}
	for _, arch := range []string{"amd64", "arm64"} {
		packages, err := linkedPackages(ctx, root, arch)
		if err != nil {
			return nil, err
		}
		for _, p := range packages {
			g, err := grantOf(p)
			if err != nil {
				return nil, err
			}
			found[g.path] = g
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b grant) int { return strings.Compare(a.path, b.path) }), nil
}

// listed is what "go list -json" says of a package.
type listed struct {
	ImportPath, Dir string
	Module          *struct {
		Path, Dir string
		Main      bool
	}
}

func linkedPackages(ctx context.Context, root, arch string) (list []listed, err error) {
	cmd := exec.CommandContext(
		ctx,
		"go",
		"list",
		"-tags=urfave_cli_no_docs,nethttpomithttp2",
		"-deps",
		"-json=ImportPath,Dir,Module",
		"./cmd/...",
	)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		if p.Module != nil && !p.Module.Main {
			list = append(list, p)
		}
	}
}

// grantOf finds the licence that is nearest above a package.
func grantOf(p listed) (grant, error) {
	dir, path := p.Dir, p.ImportPath
	for {
		names, err := os.ReadDir(dir)
		if err != nil {
			return grant{}, err
		}
		for _, n := range names {
			if isLicense(n.Name()) && n.Type().IsRegular() {
				return grant{path: path, module: p.Module.Path, dir: dir, license: n.Name()}, nil
			}
		}
		if dir == p.Module.Dir {
			return grant{}, fmt.Errorf("%s has no licence", p.Module.Path)
		}
		dir, path = filepath.Dir(dir), filepath.Dir(path)
	}
}

func isLicense(name string) bool {
	base := strings.ToUpper(strings.TrimSuffix(strings.TrimSuffix(name, ".md"), ".txt"))
	return base == "LICENSE" || base == "LICENCE" || base == "COPYING"
}
