package installer

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

func TestToolsAreNamedShortOrByTheirPackage(t *testing.T) {
	t.Parallel()
	got, err := ParseTools("gopls, dlv@v1.25.0,example.com/cmd/tool/v2@latest,gopkg.in/x.v1@v1.0.0-rc1")
	if err != nil {
		t.Fatal(err)
	}
	want := []Tool{
		{"gopls", "golang.org/x/tools/gopls", "latest"},
		{"dlv", "github.com/go-delve/delve/cmd/dlv", "v1.25.0"},
		{"tool", "example.com/cmd/tool/v2", "latest"},
		{"x.v1", "gopkg.in/x.v1", "v1.0.0-rc1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoToolIsRefused(t *testing.T) {
	t.Parallel()
	for _, list := range []string{
		"", ",", "gopls,", "nosuch", "gopls@", "gopls@v1", "gopls@1.2.3", "gopls@main", "gopls@v1.2.3;id", "gopls@-x", "gopls,gopls",
		"./x", "../x/y", "/abs/x", "cmd/go", "-x/y.z", "-C.d/x", "example.com/a b", "example.com/$(id)", "example.com/x/...",
		"example.com/go", "example.com/gofmt", "example.com/go1.26.3", "example.com/tcptune", "example.com/.hidden", "file:///x/y",
		"example.com/gopls,gopls", "example.com/x\x00", "example.com/x\ny",
	} {
		if tools, err := ParseTools(list); !report.Is(err, fetch.BadSetting) {
			t.Errorf("%q: got %v, %v", list, tools, err)
		}
	}
}

func FuzzParseTools(f *testing.F) {
	f.Add("gopls@latest,dlv@v1.25.0")
	f.Add("example.com/cmd/tool/v2@v2.0.0+incompatible")
	f.Fuzz(func(t *testing.T, list string) {
		tools, err := ParseTools(list)
		if err != nil && !report.Is(err, fetch.BadSetting) {
			t.Fatal(err)
		}
		for _, o := range tools {
			// It becomes an argument, a file name and a line of a record.
			if !toolName().MatchString(o.Name) || strings.ContainsAny(o.Package+o.Version, " \t\n\x00@") || o.Package[0] == '-' {
				t.Errorf("%+v", o)
			}
		}
	})
}

func TestShortNamesLeadToPackages(t *testing.T) {
	t.Parallel()
	known := knownTools(toolNames)
	if len(known) < 5 {
		t.Fatalf("got only %v", known)
	}
	for name, p := range known {
		got, err := ParseTools(name)
		if err != nil || got[0].Package != p || got[0].Name != name {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

// workshop is one with the machine's own go, and a folder that an unprivileged user can reach.
func workshop(t *testing.T) (w Workshop, dir string) {
	t.Helper()
	program, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go on this machine: ", err)
	}
	goroot, err := exec.Command(program, "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	w.Goroot = strings.TrimSpace(string(goroot))
	text, err := os.ReadFile(filepath.Join(w.Goroot, "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	w.Version = version(t, first)
	w.Config.Go = fetch.ReadGoEnv(host.Host{}, os.Getenv, w.Goroot)
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value := os.Getenv(name); value != "" {
			w.Network = append(w.Network, name+"="+value)
		}
	}
	if dir, err = os.MkdirTemp("", "tcptune-tool"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = (host.Host{}).RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return w, filepath.Join(dir, "build")
}

// reachable skips where there is no module proxy.
func reachable(t *testing.T, w Workshop) {
	t.Helper()
	proxy, _, _ := strings.Cut(w.Config.Go.Proxy, ",")
	if !strings.HasPrefix(proxy, "https://") {
		t.Skipf("GOPROXY is %q: no proxy to build a tool from", w.Config.Go.Proxy)
	}
	client := http.Client{Timeout: 20 * time.Second}
	resp, err := client.Get(proxy + "/golang.org/x/example/hello/@v/list")
	if err != nil {
		t.Skip("the module proxy cannot be reached: ", err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Skip("the module proxy answers ", resp.Status)
	}
}

func TestAToolIsBuiltFromTheRealProxyWithoutPrivileges(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it compiles the runtime anew")
	}
	w, dir := workshop(t)
	reachable(t, w)
	h := host.Host{}
	uid, err := h.TransientUser()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.furnish(h, dir, uid); err != nil {
		t.Fatal(err)
	}
	tools, err := ParseTools("golang.org/x/example/hello@latest")
	if err != nil {
		t.Fatal(err)
	}
	b, program, err := w.build(t.Context(), h, tools[0], dir, uid)
	if err != nil {
		t.Fatal(err)
	}
	if b.sum == "" || !strings.HasPrefix(b.version, "v0.") || b.with != w.Version {
		t.Errorf("the binary says %+v", b)
	}
	fi, err := os.Stat(filepath.Join(dir, "bin/hello"))
	if err != nil {
		t.Fatal(err)
	}
	if owner := fi.Sys().(*syscall.Stat_t).Uid; os.Geteuid() == 0 && int(owner) != uid {
		t.Errorf("it was built by user %d, want %d", owner, uid)
	}
	here := filepath.Join(t.TempDir(), "hello")
	if err := os.WriteFile(here, program, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(here).CombinedOutput(); err != nil || !strings.Contains(string(out), "Hello") {
		t.Errorf("it says %q, %v", out, err)
	}
}

func TestABinaryThatIsNotWhatWasAskedForIsRefused(t *testing.T) {
	t.Parallel()
	hello := Tool{Name: "hello", Package: "example.com/cmd/hello", Version: "v1.2.3"}
	latest, unlike, other := hello, hello, hello
	latest.Version, unlike.Version, other.Package = "latest", "v1.2.4", "example.com/hello"
	v, err := fetch.ParseVersion("1.26.8")
	if err != nil {
		t.Fatal(err)
	}
	w := Workshop{Version: v}
	const said = "go1.26.8\n\tpath\texample.com/cmd/hello\n\tmod\texample.com\tv1.2.3\th1:abc=\n\tdep\texample.com/x\tv1.0.0\th1:def=\n\tbuild\t-compiler=gc\n"
	for _, c := range []struct {
		Tool
		said, want string
	}{
		{hello, said, ""},
		{latest, said, ""},
		{unlike, said, "it became v1.2.3"},
		{other, said, "it became example.com/cmd/hello"},
		{hello, strings.Replace(said, "go1.26.8", "go1.26.7", 1), "it was built with go1.26.7"},
		{hello, "", "it became "},
		{hello, "go1.26.8\n\tmod\tx\n", "could not parse Go build info"},
	} {
		b, err := w.inspect(c.Tool, c.said)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, %q: got %v, want %s", c.Tool, c.said, err, c.want)
		}
		if err == nil && (b.version != "v1.2.3" || b.sum != "h1:abc=" || b.with != v) {
			t.Errorf("%+v", b)
		}
	}
}

func TestAToolThatCannotBeBuiltSaysWhy(t *testing.T) {
	t.Parallel()
	w, dir := workshop(t)
	w.Config.Go.Proxy = "off"
	h := host.Host{}
	if err := w.furnish(h, dir, host.Nobody); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.build(t.Context(), h, Tool{"x", "example.com/x", "v1.0.0"}, dir, host.Nobody)
	if !report.Is(err, toolFailed) || !strings.Contains(err.Error(), "cannot build x@v1.0.0") || !strings.Contains(err.Error(), "GOPROXY=off") {
		t.Errorf("got %v", err)
	}
	var said *host.ProgramError
	if errors.As(err, &said) {
		t.Error("the error repeats the command line")
	}
}

func TestABuildEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w, dir := workshop(t)
	h := host.Host{}
	if err := w.furnish(h, dir, host.Nobody); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := w.build(ctx, h, Tool{"x", "example.com/x", "latest"}, dir, host.Nobody); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
