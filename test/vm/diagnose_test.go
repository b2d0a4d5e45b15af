package vm

import (
	"strings"
	"testing"
)

// TestWhatIsOneForTheWholeMachineIsDiagnosed has a machine of its own for the situations that only keys of the whole
// machine make.
func TestWhatIsOneForTheWholeMachineIsDiagnosed(t *testing.T) {
	wholeList(t)
	program := compiled(t, "test", "-c", "../diagnose")
	out := Alone(t, Lone{Memory: 1024, Files: map[string]string{"diagnose.test": program}, Script: `
cd /tmp && TCPTUNE_OWN_MACHINE=1 /files/diagnose.test -test.v -test.run OfTheWholeMachine -test.timeout 3h`})
	t.Log(out)
	if !strings.HasSuffix(out, "\nPASS\nexit 0\n") || strings.Contains(out, "--- SKIP") {
		t.Error("the situations were not shown")
	}
}
