package manual

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// cannotRun are beginnings of examples that cannot do here what they are for, and why. They are started all the same,
// without privileges and without a network, and must be understood: whatever they fail with, it is not their usage.
func cannotRun() map[string]string {
	const network, toolchain, systemd, values = "needs the network", "needs an installed toolchain", "needs systemd", "is about running values, which an image does not have"
	return map[string]string{
		"apply --confirm":    values,
		"confirm":            values,
		"go install":         network,
		"go bundle":          network,
		"go list --remote":   network,
		"go list --shells":   "asks the shell of a user, which an image does not run",
		"go use":             toolchain,
		"go rollback":        toolchain,
		"go remove":          toolchain,
		"go verify":          toolchain,
		"service restart":    systemd,
		"service reload":     systemd,
		"service status":     systemd,
		"service logs":       systemd,
		"service pprof":      systemd,
		"check --production": "is about services that run",
		"bench":              "needs a service that answers",
		"diagnose":           "looks at the kernel that runs, and takes its time",
		"prove":              "makes network namespaces, and takes minutes",

		"explain swappiness":              values,
		"profile diff server HOST-NOW":    values,
		"profile diff server ./mine.yaml": "needs a file of the reader",
		"ansible-module":                  "needs the arguments of a task",
		"metrics --textfile":              "needs the folder of node_exporter",
		"metrics --diagnose":              "looks at the kernel that runs, and takes its time",
	}
}

// tuningFile is a file of an administrator, which the pages speak of.
const tuningFile = "/etc/sysctl.d/99-tuning.conf"

// before are commands that make what an example takes back.
func before() map[string][]string {
	imported := []string{"import", tuningFile, "--name", "site"}
	return map[string][]string{
		"plan --profile site":                         imported,
		"plan --profile measured":                     {"import", tuningFile, "--name", "measured"}, // as diagnose would write it
		"apply --profile site":                        imported,
		"apply --profile site --retire " + tuningFile: imported,
		"revert":                     {"apply"},
		"metrics --remove-timer":     {"metrics", "--install-timer"},
		"service uninstall":          {"service", "install"},
		"service uninstall mydaemon": {"service", "install", "--exec", "/usr/local/bin/mydaemon"},
	}
}

func TestEveryExampleRuns(t *testing.T) {
	bin, known := build(t), commands(t)
	n, excused := 0, map[string]bool{}
	for page, roff := range pages(t, pagesDir) {
		t.Run(page, func(t *testing.T) {
			w := newWorkshop(t, bin, known)
			for _, block := range examples(roff) {
				for line := range strings.Lines(block) {
					for i, call := range calls(t, line) {
						if i == 0 {
							w.newImage(t)
						}
						excused[w.example(t, call)] = true
						n++
					}
				}
			}
		})
	}
	if n < 80 {
		t.Errorf("found %d examples, which cannot be all of them", n)
	}
	for beginning, why := range cannotRun() {
		if !excused[beginning] {
			t.Errorf("no page shows tcptune %s, which %s: take it off the list", beginning, why)
		}
	}
}

// calls are the calls of our programs in a line of an example, without sudo. A remark stands behind two spaces. bash
// goes through the line with functions in our place, and without any program; whether the others in it succeed may
// decide what is called, so that both are tried.
func calls(t *testing.T, line string) (all [][]string) {
	t.Helper()
	line, _, _ = strings.Cut(strings.TrimSpace(line), "  ")
	if !regexp.MustCompile(`^(sudo )?tcptune|[;&] (sudo )?tcptune`).MatchString(line) {
		return nil
	}
	for _, others := range []string{"true", "false"} {
		cmd := exec.CommandContext(t.Context(), "bash", "-c", `exec 3>&1 >/dev/null
			command_not_found_handle() { `+others+`; }
			sudo() { "$@"; }
			tcptune() { printf '%s\0' tcptune "$@" $'\n' >&3; }
			tcptune-server() { printf '%s\0' tcptune-server "$@" $'\n' >&3; }
			eval "$0"`, line)
		cmd.Env, cmd.Dir = []string{"PATH=/nowhere"}, t.TempDir()
		out, err := cmd.Output()
		if err != nil && len(out) == 0 {
			t.Fatalf("%s: %v", line, err)
		}
		var found [][]string
		for call := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00\n\x00"), "\x00\n\x00") {
			found = append(found, strings.Split(call, "\x00"))
		}
		if len(found) > len(all) {
			all = found
		}
	}
	return all
}

// example runs one call in the image, or if it cannot run there, in a place where it can do nothing; it returns by
// which beginning it was excused then.
func (w workshop) example(t *testing.T, call []string) (excused string) {
	t.Helper()
	typed := strings.Join(call[1:], " ")
	if call[0] == "tcptune-server" {
		w.serve(t, call[1:])
		return ""
	}
	for beginning := range cannotRun() {
		if strings.HasPrefix(typed+" ", beginning+" ") {
			if code, out := w.asNobody(t, call[1:]); code == 64 {
				t.Errorf("tcptune %s is not understood:\n%s", typed, out)
			}
			return beginning
		}
	}
	if first, ok := before()[strings.TrimSuffix(typed, " --dry-run")]; ok {
		if code, out := w.inImage(t, first); code != 0 {
			t.Errorf("tcptune %s: exit %d:\n%s", strings.Join(first, " "), code, out)
		}
	}
	// 2 and 4 are answers about a host that is not as wanted.
	if code, out := w.inImage(t, call[1:]); !slices.Contains([]int{0, 2, 4}, code) {
		t.Errorf("tcptune %s: exit %d:\n%s", typed, code, out)
	}
	return ""
}
