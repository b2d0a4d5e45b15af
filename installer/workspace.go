package installer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"golang.org/x/mod/module"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/templates"
)

// workspaceFiles are the files of a new workspace, and which template makes each: the go command would take templates
// with their final names for a module of their own.
func workspaceFiles() map[string]string {
	return map[string]string{
		"go.mod": "go.mod.tmpl", "main.go": "main.go.tmpl", "server.go": "server.go.tmpl", "listener.go": "listener.go.tmpl",
		"server_test.go": "server_test.go.tmpl", ".gitignore": "gitignore.tmpl", "README.md": "README.md.tmpl",
	}
}

// Workspace is what a new workspace is to be called. Its zero value takes everything from the folder.
type Workspace struct {
	Module string // the module path; "": the name of the folder
	Go     fetch.Version
	// Taken reports whether a path means something to the go command already: a package of the standard library. It may be nil.
	Taken func(path string) bool
}

// New makes a workspace in the folder dir of this machine, as the user who calls: a module with a TCP server from the
// standard library alone, and its tests. It returns the path of the folder. A folder that holds anything is
// [notEmpty], a module path that Go does not take [fetch.BadSetting]; after an error what was made is gone again.
func (w Workspace) New(dir string) (made string, err error) {
	if made, err = filepath.Abs(dir); err != nil {
		return "", fmt.Errorf("cannot find the folder %s: %w", dir, err)
	}
	name := folderName(filepath.Base(made))
	if w.taken(name) {
		name += "-server"
	}
	path := cmp.Or(w.Module, name)
	if w.taken(path) {
		return "", fetch.Fail(fetch.BadSetting, "name another one with --module, example.com/"+name+" for instance",
			"cannot use the module path %q: it is one of Go itself", path)
	}
	if err := module.CheckImportPath(path); err != nil {
		return "", fetch.Fail(fetch.BadSetting, "name one with --module, example.com/echo for instance",
			"cannot use the module path %q", path).Because(err)
	}
	if _, _, ok := module.SplitPathVersion(path); !ok || slices.Contains(strings.Split(path, "/"), "vendor") {
		return "", fetch.Fail(fetch.BadSetting, "name one with --module, example.com/echo for instance",
			"cannot use the module path %q: nobody can import it", path)
	}
	texts, err := renderWorkspace(map[string]string{"Name": name, "Module": path, "Go": w.Go.String()})
	if err != nil {
		return "", err
	}
	undo, err := emptyFolder(made)
	if err != nil {
		return "", err
	}
	for file, text := range texts {
		p := filepath.Join(made, file)
		if err := writeNew(p, text); err != nil {
			return "", errors.Join(fmt.Errorf("cannot make the workspace: %w", err), undo(texts))
		}
	}
	return made, nil
}

// taken reports whether a module path is a word of the go command: "go help packages" has those that mean something,
// main is what nobody can import, C and unsafe are packages without files, and go and toolchain are versions in a
// go.mod.
func (w Workspace) taken(path string) bool {
	words := []string{"all", "cmd", "std", "tool", "work", "main", "C", "unsafe", "go", "toolchain"}
	first, _, _ := strings.Cut(path, "/")
	return slices.Contains(words, path) || slices.Contains([]string{"cmd", "std", "internal"}, first) ||
		w.Taken != nil && w.Taken(path)
}

// OfGo reports whether path is a package, or a folder of packages, of a Go on the host.
func (s Site) OfGo(path string) bool {
	for _, v := range s.Installed {
		if exists(s.h, TreePath(v)+"/src/"+path) {
			return true
		}
	}
	for _, g := range slices.Concat(s.byApt(), s.bySnap(), []report.GoVersion{{Path: Current}}) {
		if exists(s.h, g.Path+"/src/"+path) {
			return true
		}
	}
	return false
}

// folderName is name as that of a program: "My Server" is my-server.
func folderName(name string) string {
	odd := regexp.MustCompile(`[^a-z0-9_-]+`)
	return cmp.Or(strings.Trim(odd.ReplaceAllString(strings.ToLower(name), "-"), "-_"), "server")
}

func renderWorkspace(values map[string]string) (map[string][]byte, error) {
	texts := map[string][]byte{}
	for file, from := range workspaceFiles() {
		t, err := template.New(from).Option("missingkey=error").ParseFS(templates.FS, "workspace/"+from)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, values); err != nil {
			return nil, err
		}
		texts[file] = b.Bytes()
	}
	return texts, nil
}

// notEmpty is the code of an [report.Error] about a folder that is not ours to fill.
const notEmpty = "not-empty"

// emptyFolder makes dir, or takes an empty one. The function takes that back, and the files of texts with it.
func emptyFolder(dir string) (undo func(texts map[string][]byte) error, err error) {
	err = os.Mkdir(dir, 0o777) // what the umask leaves of it, as for everything that a user makes
	ours := err == nil
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("cannot make the workspace: %w", err)
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot use %s for a workspace: %w", dir, err)
	}
	if len(names) > 0 {
		return nil, fetch.Fail(notEmpty, "name a folder that does not exist",
			"cannot make a workspace in %s: it is not empty", dir)
	}
	return func(texts map[string][]byte) error {
		for file := range texts {
			if err := os.Remove(filepath.Join(dir, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if !ours {
			return nil
		}
		return os.Remove(dir)
	}, nil
}

// writeNew writes a file that must not exist.
func writeNew(p string, text []byte) error {
	f, err := os.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// Newest returns the Go that a new workspace is for: the active one, else the newest that anybody has put on the host;
// zero when there is none.
func (s Site) Newest(ctx context.Context) (newest fetch.Version) {
	if !s.Active.IsZero() {
		return s.Active
	}
	for _, g := range s.List(ctx) {
		if v, err := fetch.ParseVersion(g.Target); err == nil && v.Compare(newest) > 0 {
			newest = v
		}
	}
	return newest
}
