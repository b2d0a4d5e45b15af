package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// opening are the calls that open whatever has the name.
var opening = []string{
	"os.Open", "os.OpenFile", "os.ReadFile", "os.DirFS", "unix.Open", "unix.Openat", "unix.Openat2", "syscall.Open", "syscall.Openat",
}

// mayOpen are the files that call them, and why they read nothing that somebody else may have put there.
var mayOpen = map[string]string{
	"internal/host/files.go":       "O_PATH, and folders",
	"internal/host/regular.go":     "what was seen to be a regular file",
	"internal/host/knob.go":        "below /proc/sys, where the kernel makes all files",
	"internal/host/write.go":       "new files, which must not exist",
	"internal/host/writeshared.go": "new files, which have no name",
	"internal/host/detach.go":      "/dev/null",
	"internal/host/asuser.go":      "/dev/null",
	"internal/plan/lock.go":        "the lock of the machine, and a folder",
	"internal/plan/imagelock.go":   "the lock of an image, after a look at what it is",
	"internal/record/history.go":   "a folder",
	"portcheck/namespace.go":       "the folder /proc",
	"portcheck/cgroupid.go":        "folders",
	"portcheck/walk.go":            "folders",
	"portcheck/afloat.go":          "folders of /proc",
	"bench/limits.go":              "below /proc",
	"bench/memory.go":              "below /proc",
	"installer/workspace.go":       "new files, which must not exist",
	"installer/fetch/tree.go":      "new files, in a folder that was made for them",
	"installer/fetch/partial.go":   "a download of our own, after a look at what it is",
	"prove/path/tun.go":            "/dev/net/tun",
	"sysctl/gen/main.go":           "runs while tcptune is built",
}

func TestFilesAreOpenedToBeReadByOneFunction(t *testing.T) {
	used := map[string]bool{}
	for _, room := range []string{"bench", "check", "cmd/tcptune", "installer", "internal", "portcheck", "prove", "service", "sysctl"} {
		for _, file := range sources(t, "../../"+room) {
			name := strings.TrimPrefix(filepath.ToSlash(file), "../../")
			calls := opens(t, file)
			if len(calls) > 0 && mayOpen[name] == "" {
				t.Errorf("%s: %s opens a file whose kind is not known: use host.OpenRegular, host.ReadNamed or host.Host",
					name, strings.Join(calls, ", "))
			}
			used[name] = len(calls) > 0
		}
	}
	for name := range mayOpen {
		if !used[name] {
			t.Errorf("%s opens nothing any more", name)
		}
	}
}

// sources lists the Go files below dir that are no tests.
func sources(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, "_test.go") {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// opens are the calls in file that open something, or hand the function on.
func opens(t *testing.T, file string) (calls []string) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := sel.X.(*ast.Ident); ok && slices.Contains(opening, pkg.Name+"."+sel.Sel.Name) {
				calls = append(calls, pkg.Name+"."+sel.Sel.Name)
			}
		}
		return true
	})
	return calls
}
