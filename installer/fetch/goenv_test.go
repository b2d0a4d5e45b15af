package fetch

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// The order of the go command: environment, the user's file, the file of the toolchain.
func TestGoEnvIsFoundWhereTheGoCommandFindsIt(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{
		"root/.config/go/env": "# mine\nGOPROXY=https://user.example\nGOPRIVATE=corp.example\n",
		"xdg/go/env":          "GOPROXY=https://xdg.example\n",
		"etc/goenv":           "GOPROXY=https://etc.example|direct\nGOSUMDB=off\nGONOSUMDB=a.example\nGOPRIVATE=b.example",
		"usr/local/go/go.env": "GOPROXY=https://root.example,direct\nGOSUMDB=sum.golang.org\n#GOPROXY=x\n",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h, err := host.At(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		env    map[string]string
		goroot string
		want   GoEnv
	}{
		"nothing":             {nil, "", GoEnv{}},
		"toolchain":           {nil, "/usr/local/go", GoEnv{Proxy: "https://root.example,direct", SumDB: "sum.golang.org"}},
		"user":                {map[string]string{"HOME": "/root"}, "/usr/local/go", GoEnv{"https://user.example", "sum.golang.org", "corp.example", ""}},
		"XDG":                 {map[string]string{"HOME": "/root", "XDG_CONFIG_HOME": "/xdg"}, "", GoEnv{Proxy: "https://xdg.example"}},
		"GOENV":               {map[string]string{"HOME": "/root", "GOENV": "/etc/goenv"}, "", GoEnv{"https://etc.example|direct", "off", "a.example", ""}},
		"GOENV=off":           {map[string]string{"HOME": "/root", "GOENV": "off"}, "", GoEnv{}},
		"environment":         {map[string]string{"HOME": "/root", "GOPROXY": "https://env.example"}, "/usr/local/go", GoEnv{"https://env.example", "sum.golang.org", "corp.example", ""}},
		"GOENV that is lost":  {map[string]string{"GOENV": "/nowhere"}, "", GoEnv{}},
		"a home that is none": {map[string]string{"HOME": "root"}, "", GoEnv{}},
	} {
		if diff := cmp.Diff(tt.want, ReadGoEnv(h, func(key string) string { return tt.env[key] }, tt.goroot)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func FuzzParseEnvFile(f *testing.F) {
	f.Add("GOPROXY=https://proxy.example,direct\n# x\n=\n")
	f.Fuzz(func(t *testing.T, text string) {
		env := GoEnv{Proxy: parseEnvFile(text)("GOPROXY")}
		list, err := env.proxies()
		for _, p := range list {
			if err == nil && p.base == "" {
				t.Errorf("%q: an empty proxy", text)
			}
		}
	})
}

func TestOfTheCallersProxiesOnlyThoseCountThatNobodyCanListenTo(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		"":                                   "",
		"https://a.example,direct":           "https://a.example,",
		"http://a.example":                   "",
		"http://a.example|https://b.example": "https://b.example",
		"https://a.example|http://b.example,https://c.example": "https://a.example|https://c.example",
		"off":                                    "",
		"direct":                                 "",
		"file:///etc,ftp:/":                      "",
		" https://a.example , https://b.example": " https://a.example , https://b.example",
	} {
		if got := onlyHTTPS(list); got != want {
			t.Errorf("%q becomes %q, want %q", list, got, want)
		}
	}
}

// Root reads the file of a user with that user's rights, and takes nothing else from it.
func TestTheFileOfTheCallerIsReadAsTheCaller(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	home := t.TempDir()
	file := filepath.Join(home, ".config/go/env")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(home), 0o755); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(home, "secret")
	text := "GOPROXY=https://user.example,direct\nGOSUMDB=off\nGONOSUMDB=*\n"
	for _, name := range []string{file, secret} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u := host.Account{Name: "somebody", Home: home, UID: host.Nobody, GID: host.Nobody}
	silent := func(string) string { return "" }
	ask := func() string {
		got, from := CallerProxy(t.Context(), host.Host{}, u, silent)
		if from != file {
			t.Errorf("it was looked for in %q", from)
		}
		return got
	}
	if got := ask(); got != "" {
		t.Errorf("a file that the user cannot read says %q", got)
	}
	if err := os.Chown(file, host.Nobody, host.Nobody); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != "https://user.example," {
		t.Errorf("the user's file says %q", got)
	}
	for said, want := range map[string]string{
		"https://shell.example,direct": "https://shell.example,", "http://shell.example": "https://user.example,",
	} {
		shell := func(name string) string { return map[string]string{"GOPROXY": said, "GOSUMDB": "off"}[name] }
		got, from := CallerProxy(t.Context(), host.Host{}, u, shell)
		if got != want || (from == file) != (want == "https://user.example,") {
			t.Errorf("with GOPROXY=%s in the shell it is %q, by %s; want %q", said, got, from, want)
		}
	}
	// With HOME of the user, as sudo -E hands it down, nothing that is trusted comes from there.
	env := map[string]string{"HOME": home}
	if got := ReadGoEnv(host.Host{}, func(name string) string { return env[name] }, ""); got != (GoEnv{}) {
		t.Errorf("as root, the user's file says %+v", got)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, file); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != "" {
		t.Errorf("a link to a secret of root says %q", got)
	}
}

// Who can write to go.env of a Go that was unpacked by hand would say which checksum database root trusts.
func TestRootTakesNothingFromAToolchainThatOthersCanWriteTo(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give something to another user")
	}
	for name, tt := range map[string]struct {
		path string // that is given away; "" for none
		want GoEnv
	}{
		"all of it is root's": {"", GoEnv{Proxy: "http://proxy.example", SumDB: "evil.example+key"}},
		"its go.env":          {"usr/local/go/go.env", GoEnv{}},
		"its folder":          {"usr/local/go", GoEnv{}},
		"what is above":       {"usr/local", GoEnv{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			if err := os.MkdirAll(root+"/usr/local/go", 0o755); err != nil {
				t.Fatal(err)
			}
			text := "GOPROXY=http://proxy.example\nGOSUMDB=evil.example+key\n"
			if err := os.WriteFile(root+"/usr/local/go/go.env", []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if tt.path != "" {
				if err := os.Chown(filepath.Join(root, tt.path), 1000, 1000); err != nil {
					t.Fatal(err)
				}
			}
			h, err := host.At(root)
			if err != nil {
				t.Fatal(err)
			}
			if got := ReadGoEnv(h, func(string) string { return "" }, "/usr/local/go"); got != tt.want {
				t.Errorf("root takes %+v, want %+v", got, tt.want)
			}
		})
	}
}

// The setting that is in the way may be in a file that is not the caller's: so the hint must win over all of them.
func TestTheHintAboutADatabaseThatIsOffHelps(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"GOSUMDB=off", "GOPRIVATE=*", "GONOSUMDB=golang.org"} {
		root := t.TempDir()
		if err := os.MkdirAll(root+"/usr/local/go", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(root+"/usr/local/go/go.env", []byte(line), 0o644); err != nil {
			t.Fatal(err)
		}
		h, err := host.At(root)
		if err != nil {
			t.Fatal(err)
		}
		var refused *report.Error
		err = ReadGoEnv(h, func(string) string { return "" }, "/usr/local/go").verifies()
		if !errors.As(err, &refused) {
			t.Fatalf("%s: %v", line, err)
		}
		setting, _, _ := strings.Cut(refused.Hint, " ")
		env := parseEnvFile(setting)
		if err := ReadGoEnv(h, env, "/usr/local/go").verifies(); err != nil {
			t.Errorf("%s, with %s as hinted: %v", line, setting, err)
		}
	}
}
