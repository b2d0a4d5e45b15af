package packaging

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/tcptune/tcptune/test/container"
	"github.com/tcptune/tcptune/test/markdown"
)

// What the README tells at its very beginning, on a machine that has little more than the README says it needs: sudo
// and curl, git and make, and a Go. Nothing but the addresses is replaced: by the packages and the repository that were
// built, by a proxy made from this tree, and by this repository.
func TestTheReadmesFirstBlockInstallsTcptune(t *testing.T) {
	dir, public := folder(t, "deb"), folder(t, "apt-repo/public")
	page, err := markdown.Read("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := page.Blocks()[0]
	if block.Lang != "bash" {
		t.Fatalf("the first block is not about the installation:\n%s", block.Text)
	}
	m := machine{container.Boot(t, container.Options{
		Release: "24.04", Packages: []string{"ca-certificates", "curl", "git", "make", "sudo"},
	}), t}
	deb := debs(t, dir, machineArch(t))[0]
	version := strings.Split(filepath.Base(deb), "_")[1]
	m.CopyIn(t, deb, "/from/release/"+filepath.Base(deb))
	m.CopyTree(t, public, public)
	m.CopyTree(t, proxyOfTheTree(t), "/from/proxy")
	m.CopyTree(t, cloneOfTheTree(t), "/from/clone")
	m.CopyTree(t, strings.TrimSpace(must(t, "go", "env", "GOROOT")), "/usr/local/go")
	m.sh("rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*")
	m.write("/etc/apt/apt.conf.d/yes", "APT::Get::Assume-Yes \"true\";\n")

	script := replaced(t, block.Text,
		"https://github.com/tcptune/tcptune/releases/download/v0.1.0/", "file:///from/release/",
		"tcptune_0.1.0_amd64.deb", "tcptune_"+version+"_"+machineArch(t)+".deb",
		"https://apt.example.com/", "file://"+public+"/",
		"https://github.com/tcptune/tcptune ", "file:///from/clone tcptune ")
	const installed = "tcptune --version | grep -q '^tcptune version '\n"
	steps := strings.Split(script, "\n\n")
	if len(steps) != 4 {
		t.Fatalf("%d ways to get it, want the package, the repository, go install and the source:\n%s", len(steps), script)
	}
	env := "set -eu\ncd\nexport HOME=/root PATH=$PATH:/usr/local/go/bin\n" +
		"export GOPROXY=file:///from/proxy GOSUMDB=off GOTOOLCHAIN=local\n"
	m.sh(env + steps[0] + "\n" + installed)
	m.sh(env + steps[1] + "\n" + installed + "apt-cache policy tcptune-server | grep -q file:" + public)
	m.sh(env + steps[2] + "\nPATH=/root/go/bin " + installed)
	m.sh(env + steps[3] + "\ncmp bin/tcptune /usr/local/bin/tcptune\n" + installed)
}

// replaced replaces each old by its new, in pairs, and fails where one is not there.
func replaced(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Errorf("no %q in:\n%s", pairs[i], text)
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// proxyOfTheTree is a module proxy, as files, that has this tree as v0.1.0 and the modules that it needs.
func proxyOfTheTree(t *testing.T) string {
	t.Helper()
	cache := t.TempDir()
	proxy := filepath.Join(cache, "cache/download")
	get := exec.CommandContext(t.Context(), "go", "mod", "download")
	get.Dir = "../.."
	here := strings.TrimSpace(must(t, "go", "env", "GOMODCACHE"))
	get.Env = append(os.Environ(), "GOMODCACHE="+cache, "GOFLAGS=-modcacherw",
		"GOPROXY=file://"+here+"/cache/download,"+strings.TrimSpace(must(t, "go", "env", "GOPROXY")))
	if out, err := get.CombinedOutput(); err != nil {
		t.Fatalf("cannot get the modules: %v\n%s", err, out)
	}
	us := module.Version{Path: "github.com/tcptune/tcptune", Version: "v0.1.0"}
	versions := filepath.Join(proxy, us.Path, "@v")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"list":               us.Version + "\n",
		us.Version + ".mod":  string(mod),
		us.Version + ".info": `{"Version":"` + us.Version + `"}`,
	} {
		if err := os.WriteFile(filepath.Join(versions, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Create(filepath.Join(versions, us.Version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	if err := zip.CreateFromDir(f, us, cloneOfTheTree(t)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return proxy
}

// cloneOfTheTree is a clone of this repository that git takes as its own, whoever asks.
func cloneOfTheTree(t *testing.T) string {
	t.Helper()
	clone := path.Join(t.TempDir(), "clone")
	must(t, "git", "clone", "--quiet", "--no-hardlinks", "../..", clone)
	return clone
}
