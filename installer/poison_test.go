package installer

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatPoisonsTheActiveGoIsNamedWithItsPlace(t *testing.T) {
	t.Parallel()
	nothing := map[string]string{}
	for name, tc := range map[string]struct {
		files     map[string]string
		own, file map[string]string
		want      []string // how the lines begin
	}{
		"nothing":              {nil, nothing, nothing, nil},
		"GOROOT of all":        {map[string]string{"/etc/environment": "PATH=/usr/bin\nGOROOT=/opt/go\n"}, nothing, nothing, []string{"GOROOT=/opt/go, by /etc/environment:2: "}},
		"of a script":          {map[string]string{"/etc/profile.d/go.sh": "export GOTOOLCHAIN=go1.22.1\nexport GOFLAGS=-mod=vendor\n"}, nothing, nothing, []string{"GOFLAGS=-mod=vendor, by /etc/profile.d/go.sh:2: ", "GOTOOLCHAIN=go1.22.1, by /etc/profile.d/go.sh:1: "}},
		"of the shell":         {nil, map[string]string{"GOBIN": "/home/a/bin"}, nothing, []string{"GOBIN=/home/a/bin, by the environment of your shell: "}},
		"of the user's go/env": {nil, nothing, map[string]string{"GOTOOLCHAIN": "go1.21.0+auto"}, []string{"GOTOOLCHAIN=go1.21.0+auto, by /home/a/go/env: "}},
		"the active one":       {map[string]string{"/etc/environment": "GOROOT=/usr/local/go/\nGOTOOLCHAIN=local\n"}, nothing, map[string]string{"GOTOOLCHAIN": "auto"}, nil},
		"the same, by version": {map[string]string{"/etc/environment": "GOTOOLCHAIN=go1.26.3\n"}, nothing, nothing, nil},
		"a go before it":       {map[string]string{"/opt/old/bin/go": "elf"}, map[string]string{"PATH": "/opt/old/bin:/usr/local/bin"}, nothing, []string{"PATH, by the environment of your shell: /opt/old/bin/go comes first"}},
		"itself first":         {nil, map[string]string{"PATH": "/usr/local/bin:/usr/bin"}, nothing, nil},
		"not to be shown":      {nil, map[string]string{"GOROOT": "\x1b[2J"}, nothing, nil},
		"of the shell, behind a harmless one of all": {
			map[string]string{"/etc/environment": "GOROOT=/usr/local/go\n"},
			map[string]string{"GOROOT": "/opt/old"},
			nothing,
			[]string{"GOROOT=/opt/old, by the environment of your shell: "},
		},
		"of all and so of the shell": {
			map[string]string{"/etc/environment": "GOBIN=/opt/bin\n"},
			map[string]string{"GOBIN": "/opt/bin"},
			nothing,
			[]string{"GOBIN=/opt/bin, by /etc/environment:1: "},
		},
		"of a script that decides": {
			map[string]string{"/etc/profile.d/go.sh": "# GOBIN=/x\nif [ -d /opt ]; then export GOROOT=/opt/go; fi\n"},
			nothing,
			nothing,
			[]string{"GOROOT, by /etc/profile.d/go.sh:2: cannot tell"},
		},
		"two on a line": {
			map[string]string{"/etc/profile.d/go.sh": "export GOFLAGS=-mod=vendor; export GOBIN=/opt/bin\n"},
			nothing, nothing,
			[]string{"GOFLAGS, by /etc/profile.d/go.sh:1: cannot tell", "GOBIN, by /etc/profile.d/go.sh:1: cannot tell"},
		},
		"of none that is only read": {
			map[string]string{"/etc/profile.d/go.sh": "if [ \"$GOROOT\" = x ]; then echo $GOBIN; fi\n"}, nothing, nothing, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, _ := installed(t)
			i.lay(tc.files)
			lookup := func(m map[string]string) func(string) string { return func(n string) string { return m[n] } }
			got := i.site().Poisons(lookup(tc.own), lookup(tc.file), "/home/a/go/env")
			alike := slices.EqualFunc(got, tc.want, strings.HasPrefix)
			if !alike {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
