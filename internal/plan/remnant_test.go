package plan

import (
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"
)

func TestRemnants(t *testing.T) {
	t.Parallel()
	text := func(s string) *blob { return (*blob)(&s) }
	const sum = "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7" // of "world"
	const elsewhere, before, removed = "a purge deletes nothing there", "it was there before tcptune, with another content",
		"it was there before tcptune, which has removed it"
	for name, tt := range map[string]struct {
		owned Owned
		want  []Remnant
	}{
		"a file, by its hash":  {Owned{Kind: report.File, Target: "/etc/a/x.conf", Ours: text("world")}, []Remnant{{Ref{report.File, "/etc/a/x.conf"}, sum, ""}}},
		"a link, by its text":  {Owned{Kind: report.Link, Target: "/etc/a/x", Ours: text("../y")}, []Remnant{{Ref{report.Link, "/etc/a/x"}, "../y", ""}}},
		"a folder, if empty":   {Owned{Kind: report.Folder, Target: "/etc/a", Ours: text("0755")}, []Remnant{{Ref{report.Folder, "/etc/a"}, "", ""}}},
		"a folder elsewhere":   {Owned{Kind: report.Folder, Target: "/opt", Ours: text("0755")}, []Remnant{{Ref{report.Folder, "/opt"}, "", elsewhere}}},
		"no value of a kernel": {Owned{Kind: report.Knob, Target: "net.core.somaxconn", Ours: text("1")}, nil},
		"no module":            {Owned{Kind: report.Module, Target: "tcp_bbr", Ours: text("loaded")}, nil},
		"not what it replaced": {Owned{Kind: report.File, Target: "/etc/a/x.conf", Before: text("old"), Ours: text("world")}, []Remnant{{Ref{report.File, "/etc/a/x.conf"}, sum, before}}},
		"not what it removed":  {Owned{Kind: report.File, Target: "/etc/a/x.conf", Before: text("old")}, []Remnant{{Ref{report.File, "/etc/a/x.conf"}, "", removed}}},
		"nothing elsewhere":    {Owned{Kind: report.File, Target: "/etc/passwd", Ours: text("world")}, []Remnant{{Ref{report.File, "/etc/passwd"}, sum, elsewhere}}},
		"nothing beside it":    {Owned{Kind: report.File, Target: "/etc/ab", Ours: text("world")}, []Remnant{{Ref{report.File, "/etc/ab"}, sum, elsewhere}}},
		"not by a detour":      {Owned{Kind: report.File, Target: "/etc/a/../passwd", Ours: text("world")}, []Remnant{{Ref{report.File, "/etc/a/../passwd"}, sum, elsewhere}}},
		"not with odd names":   {Owned{Kind: report.File, Target: "/etc/a/x\ny", Ours: text("world")}, []Remnant{{Ref{report.File, "/etc/a/x\ny"}, sum, elsewhere}}},
		"not with odd texts":   {Owned{Kind: report.Link, Target: "/etc/a/x", Ours: text("y\tz")}, []Remnant{{Ref{report.Link, "/etc/a/x"}, "y\tz", elsewhere}}},
		"not what others want": {Owned{Kind: report.File, Target: "/etc/a/x.conf", Ours: text("world"), Source: "theirs"}, []Remnant{{Ref{report.File, "/etc/a/x.conf"}, sum, "is theirs"}}},
		"not a whole tree":     {Owned{Kind: report.Tree, Target: "/etc/a/x", Ours: text("go")}, []Remnant{{Ref{report.Tree, "/etc/a/x"}, "", "not removed with the package"}}},
	} {
		t.Run(name, func(t *testing.T) {
			keep := func(source string) string {
				if source == "theirs" {
					return "is theirs"
				}
				return ""
			}
			got := Journal{Owned: []Owned{tt.owned}}.Remnants([]string{"/etc/a"}, keep)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestRemnantsListAFolderAfterWhatIsInIt(t *testing.T) {
	t.Parallel()
	mode, text := blob("0755"), blob("x")
	j := Journal{Owned: []Owned{
		{Kind: report.Folder, Target: "/etc/a", Ours: &mode}, {Kind: report.Folder, Target: "/etc/a/b", Ours: &mode}, {Kind: report.File, Target: "/etc/a/b/c", Ours: &text},
	}}
	var order []string
	for _, r := range j.Remnants([]string{"/etc/a"}, func(string) string { return "" }) {
		order = append(order, r.Target)
	}
	if got := strings.Join(order, " "); got != "/etc/a/b/c /etc/a/b /etc/a" {
		t.Error(got)
	}
}
