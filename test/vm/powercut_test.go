package vm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// repaired is what the first command says that finds what a killed apply has left.
const repaired = "an interrupted apply was found and undone"

func TestAPowerCutDuringAnApplyIsRepaired(t *testing.T) {
	wholeList(t)
	m := installed(t)
	start := time.Now()
	m.Script(t, "tcptune apply")
	whole := time.Since(start)
	m.Script(t, "tcptune revert || [ $? = 4 ]; sync")
	before, values := m.Tree(t), m.running(t)

	for _, tenth := range []time.Duration{6, 9} {
		go func() { _, _ = m.run(t.Context(), nil, "tcptune", "apply") }()
		time.Sleep(whole * tenth / 10)
		m.PowerCut()
		m.PowerOn(t)
		t.Logf("cut after %d tenths of %s", tenth, whole)
		m.isRepairedByApply(t)
		m.Script(t, "tcptune revert || [ $? = 4 ]; sync")
		m.hasFiles(t, before)
	}

	// Those fall where they fall. These two fall between the journal and the end of the apply, before and after our file.
	if m.Run(t, "sh", "-c", "command -v strace").Code != 0 {
		t.Skip("the root of the machine has no strace, which holds an apply where it is to be cut off")
	}
	m.cutHeldApply(t, "renameat", "/etc/sysctl.d")
	if m.isTuned(t) {
		t.Error("it is tuned after a boot without our file")
	}
	if said := m.Script(t, "tcptune revert; sync"); !strings.Contains(said, repaired) {
		t.Errorf("revert after the power cut: %s", said)
	} else {
		t.Logf("then tcptune revert: %s", said)
	}
	m.hasFiles(t, before)
	if diff := cmp.Diff(values, m.running(t)); diff != "" {
		t.Errorf("values before (-) and after (+):\n%s", diff)
	}

	m.cutHeldApply(t, "write", "/proc/sys/net/ipv4/tcp_congestion_control")
	if !m.isTuned(t) {
		t.Error("it is not tuned after a boot with our file, which was synced")
	}
	if said := m.isRepairedByApply(t); !strings.Contains(said, repaired) {
		t.Errorf("apply after the power cut: %s", said)
	}
	// Our file has set the values at boot: they are not what the host had before.
	r := m.Run(t, "tcptune", "revert")
	if r.Code != 4 || !strings.Contains(r.Stdout, "the value from before went with the last boot") {
		t.Errorf("revert of values that the interrupted apply has brought to the boot: exit %d\n%s", r.Code,
			r.Stdout+r.Stderr)
	}
	m.hasFiles(t, before)
}

// cutHeldApply begins an apply, cuts the power where it is about to make its first system call of that name for path,
// and boots again. The program is unchanged: strace makes it wait. What was begun is known before and after.
func (m *Machine) cutHeldApply(t *testing.T, call, path string) {
	t.Helper()
	go func() {
		_, _ = m.run(t.Context(), nil, "strace", "-f", "-y", "-o", "/run/held", "-P", path, "-e", "signal=none",
			"-e", "trace="+call, "-e", "inject="+call+":delay_enter=1000s", "tcptune", "apply")
	}()
	held := m.Script(t, fmt.Sprintf("timeout 120 sh -c 'until grep -s \"%s(\" /run/held; do sleep 0.1; done'", call))
	m.isInterrupted(t)
	m.PowerCut()
	m.PowerOn(t)
	t.Logf("cut before %s; after the boot: %s", strings.TrimSpace(held), m.isInterrupted(t))
}

// isInterrupted checks that the journal has an apply that was begun and is not final, and returns what status says of
// it.
func (m *Machine) isInterrupted(t *testing.T) string {
	t.Helper()
	m.Must(t, "grep", `"pending": {`, "/var/lib/tcptune/journal.json")
	for line := range strings.Lines(m.Run(t, "tcptune", "status").Stderr) {
		if strings.Contains(line, "apply was interrupted") {
			return line
		}
	}
	t.Error("status says nothing of the interrupted apply")
	return ""
}

// isRepairedByApply checks that the machine is as wanted after another apply, and returns what that said.
func (m *Machine) isRepairedByApply(t *testing.T) string {
	t.Helper()
	r := m.Run(t, "tcptune", "apply")
	t.Logf("then tcptune apply: %s", r.Stderr)
	if r.Code != 0 {
		t.Errorf("apply after the power cut: exit %d\n%s", r.Code, r.Stdout+r.Stderr)
	}
	if _, code := m.status(t); code != 0 {
		t.Errorf("status after the repair: exit %d\n%s", code, m.Run(t, "tcptune", "status").Stdout)
	}
	return r.Stderr
}

func (m *Machine) hasFiles(t *testing.T, before []string) {
	t.Helper()
	if diff := cmp.Diff(before, m.Tree(t)); diff != "" {
		t.Errorf("files before (-) and after (+):\n%s", diff)
	}
}

// running is the running value of each key that tcptune knows.
func (m *Machine) running(t *testing.T) map[string]string {
	t.Helper()
	keys, _ := m.status(t)
	values := map[string]string{}
	for name := range keys {
		values[name] = m.knob(t, name)
	}
	return values
}
