package container

import (
	"encoding/json"
	"strings"
	"testing"
)

// entries are the records in the journal of systemd, the oldest first.
func (m *Machine) entries(t *testing.T) (list []map[string]any) {
	t.Helper()
	m.Must(t, "journalctl", "--sync")
	for line := range strings.Lines(m.Must(t, "journalctl", "-t", "tcptune", "-o", "json")) {
		entry := map[string]any{}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		list = append(list, entry)
	}
	return list
}

func TestEachChangeIsInTheJournalOfSystemdAndInHistory(t *testing.T) {
	t.Parallel()
	m := newTuned(t)
	mustExit(t, partialHere, m.Run(t, "tcptune", "apply", "--profile", "server"))
	mustExit(t, partialHere, m.Run(t, "tcptune", "apply")) // it has nothing to do
	mustExit(t, 0, m.Run(t, "tcptune", "revert"))
	mustExit(t, partialHere, m.Run(t, "tcptune", "apply", "--confirm", "1s"))
	m.await(t, finTimeout, "60")
	m.Must(t, "sh", "-c", "until tcptune history | grep -q expiry; do sleep 0.1; done")

	list := m.entries(t)
	want := []map[string]string{
		{"TCPTUNE_COMMAND": "apply", "TCPTUNE_COMMAND_LINE": "tcptune apply --profile server", "TCPTUNE_EXIT_CODE": "4"},
		{"TCPTUNE_COMMAND": "revert", "TCPTUNE_COMMAND_LINE": "tcptune revert", "TCPTUNE_EXIT_CODE": "0"},
		{"TCPTUNE_COMMAND": "apply", "TCPTUNE_COMMAND_LINE": "tcptune apply --confirm 1s", "TCPTUNE_EXIT_CODE": "4"},
		{"TCPTUNE_COMMAND": "expiry", "TCPTUNE_EXIT_CODE": "0"},
	}
	if len(list) != len(want) {
		t.Fatalf("%d entries, want %d: %v", len(list), len(want), list)
	}
	history := strings.Split(strings.TrimSpace(m.Must(t, "tcptune", "history")), "\n")[1:]
	for i, fields := range want {
		fields["SYSLOG_IDENTIFIER"], fields["TCPTUNE_UID"], fields["PRIORITY"] = "tcptune", "0", "5"
		for field, value := range fields {
			if list[i][field] != value {
				t.Errorf("entry %d: %s is %v, want %q", i, field, list[i][field], value)
			}
		}
		id, _ := list[i]["TCPTUNE_ID"].(string)
		if line := history[len(history)-1-i]; !strings.HasPrefix(line, id+"  ") {
			t.Errorf("history has %q in the place of %s", line, id)
		}
	}
	if changes, _ := list[0]["TCPTUNE_CHANGES"].(string); !strings.Contains(changes, `"target":"`+finTimeout+`","before":"60","after":"30"`) {
		t.Errorf("the changes of the apply are %s", changes)
	}
	if unit, _ := list[3]["TCPTUNE_UNIT"].(string); !strings.HasPrefix(unit, "tcptune-confirm-") {
		t.Errorf("the end of the window came from %q, want its unit", unit)
	}
	t.Logf("the record of one apply: %v", list[0])

	// journald adds the command line of whoever sends, by itself, and looks it up when it comes to it: that may be late.
	m.Must(t, "systemd-run", "--unit=holder", "systemd-socket-activate", "-l", "9999", "cat")
	m.Must(t, "tcptune", "port", "9999", "--wait", "held")
	m.Must(t, "sh", "-c", `journald=$(systemctl show -P MainPID systemd-journald); kill -STOP "$journald"
		(while systemctl -q is-active holder; do sleep 0.05; done; kill -CONT "$journald") &
		exec tcptune port 9999 --kill -- sh -c 'sleep 2; true' a-secret`)
	m.Must(t, "journalctl", "--sync")
	all := m.Must(t, "journalctl", "-o", "json")
	if !strings.Contains(all, `"TCPTUNE_COMMAND_LINE":"tcptune port 9999 --kill -- sh (hidden)"`) || strings.Contains(all, "a-secret") {
		t.Errorf("no record, or a secret is in the journal:\n%s", all)
	}

	// It is there when the journal is gone, and after a revert.
	m.Must(t, "journalctl", "--rotate")
	m.Must(t, "journalctl", "--vacuum-time=1s")
	m.Must(t, "tcptune", "history", strings.Fields(history[0])[0])
}
