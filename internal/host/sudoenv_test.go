package host

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What sudo was started with is found, although it has passed nothing of that on; only a process that is called sudo counts.
func TestTheEnvironmentOfWhoCallsSudoIsFound(t *testing.T) {
	const role, secret = "TCPTUNE_TEST_ROLE", "TCPTUNE_TEST_GOROOT"
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	again := func(name, as string, env ...string) string {
		cmd := exec.CommandContext(t.Context(), name, "-test.run=^"+t.Name()+"$")
		cmd.Env = append(env, role+"="+as)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s as %s: %v\n%s", name, as, err, out)
		}
		return string(out)
	}
	switch os.Getenv(role) {
	case "asks":
		fmt.Printf("found %q %q\n", Host{}.SudoEnv()(secret), Host{}.SudoEnv()("TCPTUNE_TEST"))
		return
	case "passes on":
		fmt.Print(again(self, "asks"))
		return
	case "sudo":
		fmt.Print(again(self, os.Getenv("TCPTUNE_TEST_NEXT")))
		return
	}
	for name, tt := range map[string]struct{ program, next, want string }{
		"its child asks":                {"sudo", "asks", `found "/sdk" ""`},
		"a process is between":          {"sudo", "passes on", `found "/sdk" ""`},
		"what is above is another tool": {"doas", "asks", `found "" ""`},
	} {
		t.Run(name, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), tt.program)
			if err := os.Symlink(self, program); err != nil { // the name of a process is that by which it was started
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestTheEnvironmentOfWhoCallsSudoIsFound$")
			cmd.Env = []string{role + "=sudo", secret + "=/sdk", "TCPTUNE_TEST_NEXT=" + tt.next}
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), tt.want) {
				t.Errorf("got %s, %v; want %s", out, err, tt.want)
			}
		})
	}
}
