package completion

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// command is what "tcptune describe" says of a command.
type command struct {
	Name, Usage string
	Hidden      bool
	Commands    []command
	Flags       []struct {
		Name, Usage string
		Aliases     []string
		Hidden      bool
	}
}

func describe(t *testing.T) command {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "run", "../../cmd/tcptune", "describe")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var c command
	if err := json.Unmarshal(out, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// wanted is what must be offered for each line: the commands behind every command, and all flags behind "-".
func wanted(c command, line string) map[string]offers {
	all := map[string]offers{}
	commands, flags := offers{}, offers{"--help": "show help", "-h": "show help"}
	if line == "tcptune" {
		commands["help"] = "show help for a command"
		flags["--version"], flags["-v"] = "print the version", "print the version"
	}
	for _, f := range c.Flags {
		if f.Hidden {
			continue
		}
		usage := strings.ReplaceAll(f.Usage, "`", "")
		flags["--"+f.Name] = usage
		for _, a := range f.Aliases {
			flags["-"+a] = usage
		}
	}
	for _, sub := range c.Commands {
		if sub.Hidden {
			continue
		}
		commands[sub.Name] = sub.Usage
		for l, o := range wanted(sub, line+" "+sub.Name) {
			all[l] = o
		}
	}
	all[line+" -"] = flags
	if len(c.Commands) > 0 {
		all[line+" "] = commands
		help := maps.Clone(commands)
		delete(help, "help")
		all[strings.Replace(line, "tcptune", "tcptune help", 1)+" "] = help
	}
	return all
}

func TestEveryCommandAndEveryFlagIsOfferedAndNothingHidden(t *testing.T) {
	want := wanted(describe(t), "tcptune")
	var lines []string
	for l := range want {
		lines = append(lines, l)
	}
	slices.Sort(lines)
	if !slices.Contains(lines, "tcptune service install -") || !slices.Contains(lines, "tcptune help service ") {
		t.Fatalf("the list of lines is not whole: %q", lines)
	}
	eachShell(t, func(t *testing.T, s shell) {
		got := s.ask(t, lines)
		for _, l := range lines {
			if s.name == "bash" { // knows no descriptions
				if diff := cmp.Diff(want[l].words(), got[l].words()); diff != "" {
					t.Errorf("%q, -want +got:\n%s", l, diff)
				}
			} else if diff := cmp.Diff(want[l], got[l]); diff != "" {
				t.Errorf("%q, -want +got:\n%s", l, diff)
			}
		}
	})
}

// The flags of tcptune-server are those of its help.
func TestEveryFlagOfTheServerIsOffered(t *testing.T) {
	help, err := exec.CommandContext(t.Context(), "go", "run", "../../cmd/tcptune-server", "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, help)
	}
	want := words("--help -h")
	for _, m := range regexp.MustCompile(`(?m)^  -(\S+)`).FindAllStringSubmatch(string(help), -1) {
		want = append(want, "--"+m[1])
	}
	if len(want) < 20 {
		t.Fatalf("the help shows %q, which cannot be all", want)
	}
	eachShell(t, func(t *testing.T, s shell) {
		check(t, s, []completion{
			{"tcptune-server -", want},
			{"tcptune-server --protocol ", words("echo line frame discard http relay")},
			{"tcptune-server --log-format=j", words("json")},
			{"tcptune-server --drain 5s --dr", nil},
			{"tcptune-server --listen :1 --lis", words("--listen")},
		})
	})
}
