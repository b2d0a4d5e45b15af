package completion

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// host makes a folder with what a host may have that completions look up.
func host(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	const ours = "# Written by tcptune. It is replaced by the next \"tcptune service install\".\n"
	for path, text := range map[string]string{
		"etc/passwd":                                     "root:x:0:0:root:/root:/bin/bash\nmimi:x:1000:1000::/home/mimi:/bin/sh\n",
		"etc/nsswitch.conf":                              "passwd: files\n",
		"etc/tcptune/profiles.d/mine.yaml":               "",
		"etc/tcptune/profiles.d/notes.txt":               "",
		"etc/tcptune/profiles.d/$(tcptune).yaml":         "", // no shell may run what a name says
		"etc/tcptune/profiles.d/.hidden.yaml":            "",
		"etc/systemd/system/mydaemon.socket":             ours,
		"etc/systemd/system/mydaemon.service":            ours,
		"etc/systemd/system/tcptune-server.socket":       ours,
		"etc/systemd/system/tcptune-server-admin.socket": ours,
		"etc/systemd/system/foreign.socket":              "[Socket]\nListenStream=1\n",
		"etc/systemd/system/empty.socket":                "",
		"usr/local/lib/tcptune/go/1.25.1/VERSION":        "",
		"usr/local/lib/tcptune/go/1.26.3/VERSION":        "",
		"usr/local/lib/tcptune/go/.trial.tcptune-new/x":  "",
		"run/netns/blue":                                 "",
		"home/plans/saved.json":                          "",
		"home/plans/sub/x":                               "",
	} {
		p := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(root, "etc/systemd/system/broken.socket")); err != nil {
		t.Fatal(err)
	}
	return root
}

// completion is a line and what must be offered for it.
type completion struct {
	line string
	want []string
}

func check(t *testing.T, s shell, table []completion, before ...string) {
	t.Helper()
	var lines []string
	for _, c := range table {
		lines = append(lines, c.line)
	}
	got := s.ask(t, lines, before...)
	for _, c := range table {
		want := append([]string{}, c.want...)
		slices.Sort(want)
		if diff := cmp.Diff(want, got[c.line].words()); diff != "" {
			t.Errorf("%q, -want +got:\n%s", c.line, diff)
		}
	}
}

func words(text string) []string { return strings.Fields(text) }

// What is compiled into tcptune is offered everywhere.
func TestFixedValues(t *testing.T) {
	keys := words("net.core.rmem_default net.core.rmem_max")
	table := []completion{
		{"tcptune explain net.core.rmem", keys},
		{"tcptune service install --protocol ", words("echo line frame discard http relay")},
		{"tcptune service install --protocol=li", words("line")},
		{"tcptune service install --limit queue", words("queue queue-timeout")},
		{"tcptune service install --limit idle-timeout=5", nil},
		{"tcptune port 80 --expect ", words("free held")},
		{"tcptune port 80 --kill -s K", words("KILL")},
		{"tcptune profile size --congestion b", words("bbr")},
		{"tcptune go bundle --arch=arm", words("arm64 armv6l")},
		{"tcptune go install --source ", words("download module")},
		{"tcptune go install --tools gop", words("gopls")},
		{"tcptune go install --from ", words("apt")},
		{"tcptune help pro", words("profile prove")},
		{"tcptune prove --scenario lo", words("long-fat-pipe lossy-mobile")},
		{"tcptune profile diff pro", words("proxy")},
		{"tcptune profile diff server H", words("HOST-NOW")},
		{"tcptune profile diff server proxy H", nil},
		{"tcptune help service in", words("install")},
		{"tcptune help service install ", nil},
		{"tcptune apply --bandwidth ", nil},
		{"tcptune port 80", nil},
		{"tcptune no-such-command ", nil},
	}
	eachShell(t, func(t *testing.T, s shell) { check(t, s, table) })
}

// A key may be typed without what comes before its last word.
func TestKeysAreFoundByTheirLastWord(t *testing.T) {
	eachShell(t, func(t *testing.T, s shell) {
		want := words("net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_keepalive_time")
		if s.name == "bash" { // whose words begin with what is typed
			want = words("tcp_keepalive_intvl tcp_keepalive_probes tcp_keepalive_time")
		}
		check(t, s, []completion{{"tcptune explain tcp_keep", want}})
	})
}

// Keys of this host that the catalogue need not know, with their folders where a shell offers one word at a time. In an
// image there is no kernel that has them.
func TestKeysOfThisHostAreOffered(t *testing.T) {
	eachShell(t, func(t *testing.T, s shell) {
		table := []completion{
			{"tcptune explain vm.overcommit_r", words("vm.overcommit_ratio")},
			{"tcptune explain net.ipv4.conf.lo.rp_f", words("net.ipv4.conf.lo.rp_filter")},
			{"tcptune explain --root /mnt vm.overcommit_r", nil},
		}
		if s.name == "bash" {
			table = append(table, completion{"tcptune explain net.ipv4.conf.l", words("net.ipv4.conf.lo.")})
		} else {
			table = append(table, completion{"tcptune explain overcommit_r", words("vm.overcommit_ratio")})
		}
		check(t, s, table)
	})
}

func TestWhatWasGivenIsNotOfferedAgain(t *testing.T) {
	table := []completion{
		{"tcptune apply --json --js", nil},
		{"tcptune apply -p wan --prof", nil},
		{"tcptune apply --profile wan --prof", nil},
		{"tcptune apply --profile=wan --prof", nil},
		{"tcptune apply saved.json --js", words("--json")},
		{"tcptune service install --listen 1 --lis", words("--listen")},
		{"tcptune service install --listen [::1]:80 --upstream 10.0.0.1:1 --lis", words("--listen")},
		{"tcptune profile show wan s", nil},
		{"tcptune explain net.core.somaxconn net", nil},
		{"tcptune explain --root / net.core.somax", words("net.core.somaxconn")},
	}
	eachShell(t, func(t *testing.T, s shell) { check(t, s, table) })
}

func TestNothingIsOfferedAfterTwoDashes(t *testing.T) {
	table := []completion{
		{"tcptune explain -- net.core.", nil},
		{"tcptune apply -- /e", nil},
		{"tcptune port 8080 --kill -- ", nil},
		{"tcptune port 8080 --kill -- -", nil},
		{"tcptune service install --exec /bin/true -- --l", nil},
	}
	eachShell(t, func(t *testing.T, s shell) { check(t, s, table) })
}

func TestValuesOfAnImage(t *testing.T) {
	root := host(t)
	table := []completion{
		{"tcptune apply --root ROOT --profile ", words("server classic wan latency proxy mine $(tcptune)")},
		{"tcptune apply --root=ROOT -p m", words("mine")},
		{"tcptune profile show --root ROOT m", words("mine")},
		{"tcptune go use --root ROOT ", words("1.25.1 1.26.3")},
		{"tcptune go remove --root ROOT 1.26", words("1.26.3")},
		{"tcptune service uninstall --root ROOT ", words("mydaemon tcptune-server")},
		{"tcptune plan --root ROOT/ho", []string{"ROOT/home"}},
		{"tcptune plan --root ROOT/home/plans/sa", nil},
		{"tcptune plan --out ROOT/home/plans/", []string{"ROOT/home/plans/saved.json", "ROOT/home/plans/sub"}},
		{"tcptune go new ROOT/home/plans/", []string{"ROOT/home/plans/sub"}},
		{"tcptune apply ROOT/home/plans/sa", []string{"ROOT/home/plans/saved.json"}},
	}
	eachShell(t, func(t *testing.T, s shell) { check(t, s, below(root, table)) })
}

// The shell has not read the line yet: what was typed is there with its tilde, quotes and backslashes.
func TestValuesOfAnImageWhoseNameIsQuoted(t *testing.T) {
	root := host(t)
	if err := os.Symlink(".", root+"/my img:1"); err != nil {
		t.Fatal(err)
	}
	eachShell(t, func(t *testing.T, s shell) {
		table := []completion{
			{"tcptune apply --root ~ -p m", words("mine")},
			{"tcptune apply --root ~/ -p m", words("mine")},
		}
		if s.name != "bash" { // whose words are split by ask/bash, not by readline
			table = append(table,
				completion{`tcptune apply --root ROOT/my\ img:1 -p m`, words("mine")},
				completion{`tcptune apply --root 'ROOT/my img:1' -p m`, words("mine")})
		}
		check(t, s, below(root, table), "env", "HOME="+root)
	})
}

// What a host has is looked up in fixed folders. Here they are made up, in a mount namespace.
func TestValuesOfThisHost(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount")
	}
	root := host(t)
	table := []completion{
		{"tcptune status --profile ", words("server classic wan latency proxy mine $(tcptune)")},
		{"tcptune service status ", words("mydaemon tcptune-server")},
		{"tcptune service restart my", words("mydaemon")},
		{"tcptune service logs -f t", words("tcptune-server")},
		{"tcptune go use ", words("1.25.1 1.26.3")},
		{"tcptune port --netns ", words("all blue")},
		{"tcptune service install --user mi", words("mimi")},
	}
	const mounts = `mount --bind "$0/etc" /etc; mount --bind "$0/run" /run; mount --bind "$0/usr/local/lib" /usr/local/lib; exec "$@"`
	eachShell(t, func(t *testing.T, s shell) { check(t, s, table, "unshare", "--mount", "sh", "-ec", mounts, root) })
}

// below puts root for ROOT.
func below(root string, table []completion) (out []completion) {
	for _, c := range table {
		want := []string{}
		for _, w := range c.want {
			want = append(want, strings.ReplaceAll(w, "ROOT", root))
		}
		out = append(out, completion{strings.ReplaceAll(c.line, "ROOT", root), want})
	}
	return out
}
