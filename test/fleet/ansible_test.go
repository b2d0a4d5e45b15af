package fleet

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// playground is a folder with the collection as ansible-galaxy builds and installs it, and an image to tune.
type playground struct{ dir, image string }

func newPlayground(t *testing.T) playground {
	t.Helper()
	if _, err := exec.LookPath("ansible-playbook"); err != nil {
		t.Skipf("%v: make test-deps installs it", err)
	}
	p := playground{t.TempDir(), ""}
	p.image = filepath.Join(p.dir, "image")
	tree, err := filepath.Abs("../../deploy/ansible")
	if err != nil {
		t.Fatal(err)
	}
	p.run(t, "ansible-galaxy", "collection", "build", tree, "--output-path", p.dir)
	built, err := filepath.Glob(p.dir + "/tcptune-tcptune-*.tar.gz")
	if err != nil || len(built) != 1 {
		t.Fatalf("built %v, %v", built, err)
	}
	p.run(t, "ansible-galaxy", "collection", "install", "--offline", "-p", p.dir, built[0])
	p.run(t, "cp", "-a", "../../test/fixtures/ubuntu-24.04", p.image)
	p.run(t, "mkdir", "-p", p.image+"/usr/bin")
	p.run(t, "cp", "../../bin/tcptune-server", p.image+"/usr/bin/")
	if err := os.WriteFile(p.image+"/var/lib/dpkg/arch", []byte("amd64\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p playground) command(t *testing.T, argv ...string) *exec.Cmd {
	t.Helper()
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+p.dir, "ANSIBLE_COLLECTIONS_PATH="+p.dir, "LC_ALL=C.UTF-8",
		"ANSIBLE_LOCALHOST_WARNING=0", "ANSIBLE_LOCAL_TEMP="+p.dir, "ANSIBLE_REMOTE_TEMP="+p.dir)
	return cmd
}

func (p playground) run(t *testing.T, argv ...string) {
	t.Helper()
	if out, err := p.command(t, argv...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
}

// told is what came of one task.
type told struct {
	Changed  bool             `json:"changed"`
	Failed   bool             `json:"failed"`
	Skipped  bool             `json:"skipped"`
	Message  string           `json:"msg"`
	Code     int              `json:"rc"`
	Diff     []map[string]any `json:"diff"`
	Warnings []string         `json:"warnings"`
}

// play runs tasks, and returns what came of each.
func (p playground) play(t *testing.T, tasks []map[string]any, flags ...string) (all []told) {
	t.Helper()
	var names []string
	for i, k := range tasks {
		names = append(names, fmt.Sprintf("told%d", i))
		k["ignore_errors"], k["register"] = true, names[i]
	}
	tasks = append(tasks, map[string]any{
		"ansible.builtin.copy": map[string]any{"content": "{{ [" + strings.Join(names, ", ") + "] | to_json }}", "dest": p.dir + "/told.json"},
		"check_mode":           false,
	})
	book, err := yaml.Marshal([]map[string]any{{"hosts": "localhost", "connection": "local", "gather_facts": false, "tasks": tasks}})
	if err == nil {
		err = os.WriteFile(p.dir+"/book.yml", book, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.run(t, append([]string{"ansible-playbook", p.dir + "/book.yml"}, flags...)...)
	if err := json.Unmarshal([]byte(text(t, p.dir+"/told.json")), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func (p playground) task(module string, options map[string]any) map[string]any {
	if module != "tcptune_port" {
		options["root"] = p.image
	}
	return map[string]any{"tcptune.tcptune." + module: options}
}

func TestTheModulesOfAnsible(t *testing.T) {
	p := newPlayground(t)
	tasks := func() []map[string]any {
		return []map[string]any{
			p.task("tcptune", map[string]any{"profile": "proxy"}),
			p.task("tcptune_service", map[string]any{
				"name": "echo", "listen": []any{8080, "127.0.0.1:9000"}, "limit": map[string]any{"idle-timeout": "60s"}, "max_conns": 100,
			}),
			p.task("tcptune_service", map[string]any{"name": "own", "listen": 8443, "exec": []any{"/usr/bin/tcptune-server", "-x", "--", "a b"}}),
			p.task("tcptune_port", map[string]any{"ports": []any{1}}),
		}
	}
	back := func() []map[string]any {
		return []map[string]any{
			p.task("tcptune_service", map[string]any{"name": "echo", "state": "absent"}),
			p.task("tcptune_service", map[string]any{"name": "own", "state": "absent"}),
			p.task("tcptune", map[string]any{"state": "reverted"}),
		}
	}
	changed := func(all []told) (c []bool) {
		for _, one := range all {
			if one.Failed || one.Skipped {
				t.Errorf("failed: %+v", one)
			}
			c = append(c, one.Changed)
		}
		return c
	}
	judge := func(when string, got, want []bool) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: changed %v, want %v", when, got, want)
		}
	}
	first := []bool{true, true, true, false}
	foretold := p.play(t, tasks(), "--check", "--diff")
	judge("check mode on a fresh host", changed(foretold), first)
	if d := foretold[0].Diff; len(d) == 0 || !strings.Contains(toText(t, d), "net.core.somaxconn = 65535") {
		t.Errorf("the diff does not show what would be written: %v", d)
	}
	if _, err := os.Stat(p.image + "/etc/systemd/system/echo.service"); err == nil {
		t.Fatal("check mode has changed the host")
	}
	judge("the first run", changed(p.play(t, tasks())), first)
	judge("the second run", changed(p.play(t, tasks())), []bool{false, false, false, false})
	if unit := text(t, p.image+"/etc/systemd/system/own.service"); !strings.Contains(unit, `ExecStart=/usr/bin/tcptune-server -x -- "a b"`) {
		t.Errorf("the arguments of the program have suffered:\n%s", unit)
	}
	judge("the way back", changed(p.play(t, back())), []bool{true, true, true})
	judge("the way back, again", changed(p.play(t, back())), []bool{false, false, false})
	t.Run("says what is wrong", p.saysWhatIsWrong)
}

func (p playground) saysWhatIsWrong(t *testing.T) {
	got := p.play(t, []map[string]any{
		p.task("tcptune", map[string]any{"profil": "server"}),
		p.task("tcptune", map[string]any{"profile": "nosuch"}),
		p.task("tcptune", map[string]any{"state": "tuned"}),
		p.task("tcptune", map[string]any{"live_qdisc": "perhaps"}),
		p.task("tcptune_port", map[string]any{}),
		p.task("tcptune_port", map[string]any{"ports": []any{"--help"}}),
		p.task("tcptune_service", map[string]any{"name": "x; id", "listen": 8080}),
	})
	for i, want := range []string{
		`cannot use the option "profil" (the options are state,`, "cannot find profile", `the states are applied, confirmed, reverted`,
		"it is true or false", "port", "cannot", "cannot",
	} {
		if !got[i].Failed || got[i].Changed || !strings.Contains(got[i].Message, want) {
			t.Errorf("task %d: %+v, want a failure that says %q", i, got[i], want)
		}
	}
	skipped := p.play(t, []map[string]any{p.task("tcptune_service", map[string]any{"name": "x", "state": "restarted"})}, "--check")
	if !skipped[0].Skipped {
		t.Errorf("a restart in check mode: %+v, want it skipped", skipped[0])
	}
}

func toText(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
