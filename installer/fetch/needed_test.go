package fetch_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tcptune/tcptune/installer/fetch"
)

// What a proxy says of a program's module decides which Go builds it: the rules are those of the go command.
func TestTheProxiesAreAskedWhichGoAProgramNeeds(t *testing.T) {
	t.Parallel()
	const info, tool = `{"Version": "v1.1.0"}`, "/example.com/tools/@v/"
	for name, tt := range map[string]struct {
		files       map[string]string
		pkg         string
		version     string
		want, needs string // "" for an error
	}{
		"the module is above the package": {
			map[string]string{tool + "list": "v1.0.0\nv1.1.0\n", tool + "v1.1.0.mod": "module example.com/tools\ngo 1.26.0\n"},
			"example.com/tools/cmd/one", "latest", "example.com/tools@v1.1.0", "1.26.0",
		},
		"the longest path counts": {
			map[string]string{
				tool + "list": "v1.1.0\n", tool + "v1.1.0.mod": "module example.com/tools\ngo 1.26.0\n",
				"/example.com/tools/one/@v/list": "v0.2.0\n", "/example.com/tools/one/@v/v0.2.0.mod": "module x\ngo 1.27\n",
			},
			"example.com/tools/one", "latest", "example.com/tools/one@v0.2.0", "1.27",
		},
		"a version that is named": {
			map[string]string{tool + "v1.1.0.info": info, tool + "v1.1.0.mod": "module example.com/tools\ngo 1.25rc1\n"},
			"example.com/tools/cmd/one", "v1.1.0", "example.com/tools@v1.1.0", "1.25rc1",
		},
		"no go line": {
			map[string]string{tool + "v1.1.0.info": info, tool + "v1.1.0.mod": "module example.com/tools\n"},
			"example.com/tools", "v1.1.0", "example.com/tools@v1.1.0", "latest",
		},
		"a version that is retracted": {
			map[string]string{
				tool + "list":       "v1.3.0\nv1.1.0\nv1.2.0\n",
				tool + "v1.3.0.mod": "module example.com/tools\ngo 1.28\nretract [v1.2.0, v1.3.0]\n",
				tool + "v1.1.0.mod": "module example.com/tools\ngo 1.26\n",
			},
			"example.com/tools", "latest", "example.com/tools@v1.1.0", "1.26",
		},
		"a candidate where there is no release": {
			map[string]string{tool + "list": "v1.0.0-rc.1\nv1.0.0-rc.2\n", tool + "v1.0.0-rc.2.mod": "module example.com/tools\ngo 1.26\n"},
			"example.com/tools", "latest", "example.com/tools@v1.0.0-rc.2", "1.26",
		},
		"a release is later than any candidate": {
			map[string]string{tool + "list": "v2.0.0-rc.1\nv1.0.0\nv3.0.0+incompatible", tool + "v1.0.0.mod": "module example.com/tools\ngo 1.26\n"},
			"example.com/tools", "latest", "example.com/tools@v1.0.0", "1.26",
		},
		"without any version": {
			map[string]string{
				tool + "list": "", "/example.com/tools/@latest": `{"Version": "v0.0.0-20250915201037-7f05d217867b"}`,
				tool + "v0.0.0-20250915201037-7f05d217867b.mod": "module example.com/tools\ngo 1.19\n",
			},
			"example.com/tools", "latest", "example.com/tools@v0.0.0-20250915201037-7f05d217867b", "1.19",
		},
		"a proxy that lists commits only": {
			map[string]string{
				tool + "list": "v0.0.0-20240915201037-000000000000\nv0.0.0-20250915201037-7f05d217867b\n",
				tool + "v0.0.0-20250915201037-7f05d217867b.mod": "module example.com/tools\ngo 1.19\n",
			},
			"example.com/tools", "latest", "example.com/tools@v0.0.0-20250915201037-7f05d217867b", "1.19",
		},
		"capital letters": {
			map[string]string{"/example.com/!tools/@v/list": "v1.1.0\n", "/example.com/!tools/@v/v1.1.0.mod": "module example.com/Tools\ngo 1.26\n"},
			"example.com/Tools/cmd/one", "latest", "example.com/Tools@v1.1.0", "1.26",
		},
		"no such module":  {nil, "example.com/tools/cmd/one", "latest", "", ""},
		"no such version": {map[string]string{tool + "list": "v1.0.0\n"}, "example.com/tools", "v1.1.0", "", ""},
		"no version is fit": {
			map[string]string{tool + "list": "v1.0.0\n", tool + "v1.0.0.mod": "module example.com/tools\nretract v1.0.0\n"},
			"example.com/tools", "latest", "", "",
		},
		"no go.mod":   {map[string]string{tool + "v1.1.0.info": info, tool + "v1.1.0.mod": "go 1.26 1.27"}, "example.com/tools", "v1.1.0", "", ""},
		"a portal":    {map[string]string{tool + "list": "<!doctype html><title>Log in</title>"}, "example.com/tools", "latest", "", ""},
		"a future Go": {map[string]string{tool + "v1.1.0.info": info, tool + "v1.1.0.mod": "module m\ngo 2.7.1\n"}, "example.com/tools", "v1.1.0", "example.com/tools@v1.1.0", "2.7.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				text, ok := tt.files[r.URL.Path]
				if !ok {
					http.NotFound(w, r)
					return
				}
				_, _ = w.Write([]byte(text))
			}))
			defer server.Close()
			c := fetch.Config{Go: fetch.GoEnv{Proxy: server.URL + ",direct"}, Patience: time.Second}
			got, err := c.NeededBy(t.Context(), tt.pkg, tt.version)
			if (err == nil) != (tt.want != "") {
				t.Fatalf("got %+v, %v, want %q", got, err, tt.want)
			}
			if err == nil && (got.Module+"@"+got.Version != tt.want || got.Go.String() != tt.needs) {
				t.Errorf("got %s@%s, which needs %s; want %s, which needs %s", got.Module, got.Version, got.Go, tt.want, tt.needs)
			}
		})
	}
}

// https://go.dev/doc/toolchain#version: the language 1.27 is older than its candidates, and these than 1.27.0.
func TestAGoLineIsReachedByWhatIsNotOlder(t *testing.T) {
	t.Parallel()
	for line, tt := range map[string]struct{ can, cannot []string }{
		"latest":  {[]string{"1.4", "1.27rc1"}, nil}, // no line
		"1.27":    {[]string{"1.27rc1", "1.27.0", "1.27.4", "1.28rc1", "2.0.0"}, []string{"1.26.9"}},
		"1.27.0":  {[]string{"1.27.0", "1.27.4", "1.28.0"}, []string{"1.27rc1", "1.26.9"}},
		"1.27.3":  {[]string{"1.27.3", "1.28rc1"}, []string{"1.27.2"}},
		"1.27rc2": {[]string{"1.27rc2", "1.27.0"}, []string{"1.27rc1", "1.27beta1"}},
		"1.20":    {[]string{"1.20", "1.20.1", "1.26.0"}, []string{"1.19.13"}},
	} {
		w, err := fetch.ParseWish(line)
		if err != nil {
			t.Fatal(err)
		}
		for want, list := range map[bool][]string{true: tt.can, false: tt.cannot} {
			for _, name := range list {
				v, err := fetch.ParseVersion(name)
				if err != nil {
					t.Fatal(err)
				}
				if got := w.ReachedBy(v); got != want {
					t.Errorf("go %s by %s: got %v, want %v", line, name, got, want)
				}
			}
		}
	}
}
