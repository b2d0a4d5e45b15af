package plan

import (
	"encoding/json"
	"slices"
	"strings"
)

// JournalPath is where a host remembers what tcptune changed. It is the only state of tcptune, one file, so that every
// step of a transaction is one rename(2).
const JournalPath = "/var/lib/tcptune/journal.json"

// formerPath is where the journal lies as it was before its last step, for the day on which a disk loses that.
const formerPath = JournalPath + ".former"

// Journal is the memory of a host.
type Journal struct {
	Schema string `json:"schema,omitempty"`
	// Seq counts how often the journal was written, and SHA256 is that of the file without these 64 digits.
	Seq    uint64 `json:"seq,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	// WrittenBy is the version of the tcptune that has written it, for one that cannot read it.
	WrittenBy string `json:"written_by,omitempty"`
	// Wanted is what the operator last asked for, see [Plan.Wanted].
	Wanted json.RawMessage `json:"wanted,omitempty"`
	// Memory is what rooms above want to remember, each under the source of its changes, see [Plan.Remember].
	Memory map[string]json.RawMessage `json:"memory,omitempty"`
	// Owned is what tcptune has changed and not taken back, with the state before the first apply.
	Owned []Owned `json:"owned"`
	// Pending is the transaction under way. When a command finds one, the command before it was killed.
	Pending *Transaction `json:"pending,omitempty"`
	// Window is an apply that waits for its confirmation.
	Window *Window `json:"window,omitempty"`
	// Refused is what the kernel did not take when it was last tried in this boot.
	Refused []Refusal `json:"refused,omitempty"`
	// Notices is what the automatic revert, whom nobody hears, has to say. The next command says it.
	Notices []string `json:"notices,omitempty"`
	// Expired: the last apply was not confirmed in time.
	Expired bool `json:"expired,omitempty"`

	lost string // why this is the former copy, see [Journal.Interrupted]; "": it is the journal
}

// Refusal is a value that the kernel did not take.
type Refusal struct {
	Target string `json:"target"`
	Value  string `json:"value"`
	BootID string `json:"boot"`
	Reason string `json:"reason"`
}

// Transaction is a list of changes that are all made or all undone.
type Transaction struct {
	Command string   `json:"command"`
	BootID  string   `json:"boot"`
	Changes []record `json:"changes"`
	// Then is the journal once all of it is made. It is for who finds this one where the journal after it is torn.
	Then *Journal `json:"then,omitempty"`
}

// Find returns what the journal knows of ref.
func (j Journal) Find(ref Ref) (Owned, bool) {
	i := slices.IndexFunc(j.Owned, func(o Owned) bool { return o.Kind == ref.Kind && o.Target == ref.Target })
	if i < 0 {
		return Owned{}, false
	}
	return j.Owned[i], true
}

// Without is j without what belongs to others: what is owned by a source that begins with prefix.
func (j Journal) Without(prefix string) Journal {
	j.Owned = slices.DeleteFunc(slices.Clone(j.Owned), func(o Owned) bool { return strings.HasPrefix(o.Source, prefix) })
	return j
}

func (j Journal) empty() bool {
	return len(j.Owned) == 0 && j.Pending == nil && j.Window == nil && j.Wanted == nil && len(j.Memory) == 0 &&
		len(j.Refused) == 0 && len(j.Notices) == 0
}

// withoutPending is j after its pending transaction was undone. A window that this transaction was to open is gone too.
func (j Journal) withoutPending() Journal {
	j.Pending = nil
	if j.Window != nil && j.Window.Live == nil {
		j.Window = nil
	}
	return j
}
