package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// JournalPath is where a host remembers what tcptune changed. It is the only state of tcptune, one file, so that every
// step of a transaction is one rename(2).
const JournalPath = "/var/lib/tcptune/journal.json"

const journalSchema = "tcptune-journal/v1"

// Journal is the memory of a host.
type Journal struct {
	Schema string `json:"schema"`
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

// ReadJournal returns the journal of h, an empty one when there is none. It takes no lock and changes nothing.
func ReadJournal(h host.Host) (Journal, error) {
	data, err := h.ReadFile(JournalPath)
	if errors.Is(err, fs.ErrNotExist) {
		return Journal{}, nil
	}
	if err != nil {
		return Journal{}, fmt.Errorf("cannot read the journal: %w", err)
	}
	return parseJournal(data)
}

func parseJournal(data []byte) (Journal, error) {
	var j Journal
	if err := strictJSON(data, &j); err != nil {
		return Journal{}, damaged(err)
	}
	if j.Schema != journalSchema {
		return Journal{}, damaged(fmt.Errorf("schema is %q, this tcptune knows %q", j.Schema, journalSchema))
	}
	return j, j.validate()
}

// validate refuses kinds that this program cannot undo: a newer tcptune wrote them.
func (j Journal) validate() error {
	kinds := map[report.Kind]bool{report.Knob: true, report.File: true, report.Folder: true, report.Module: true, report.Qdisc: true, report.Link: true, report.Unit: true, report.Tree: true, report.Switch: true}
	var refs []Ref
	for _, o := range j.Owned {
		refs = append(refs, o.Ref())
	}
	if j.Pending != nil {
		refs = append(refs, refsOf(j.Pending.Changes)...)
	}
	if j.Window != nil {
		refs = append(refs, refsOf(slices.Concat(j.Window.Live, j.Window.Persistent))...)
	}
	for _, r := range refs {
		if !kinds[r.Kind] {
			return damaged(fmt.Errorf("unknown kind of change %q", r.Kind))
		}
	}
	return nil
}

func refsOf(records []record) (refs []Ref) {
	for _, r := range records {
		refs = append(refs, r.Ref())
	}
	return refs
}

// writeJournal replaces the journal, durably, before it returns. An empty journal is no file at all, so that a host
// that was reverted is as it was.
func writeJournal(h host.Host, j Journal) error {
	if j.empty() {
		return removeJournal(h)
	}
	j.Schema = journalSchema
	if j.Owned == nil {
		j.Owned = []Owned{}
	}
	data, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	if err := h.MkdirAll(path.Dir(JournalPath)); err != nil {
		return fmt.Errorf("cannot write the journal: %w", err)
	}
	if err := h.WriteFile(JournalPath, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("cannot write the journal: %w", err)
	}
	return nil
}

// tidyJournal removes what a killed command may have left beside the journal.
func tidyJournal(h host.Host, j Journal) error {
	if !j.empty() {
		return h.RemoveTemp(JournalPath)
	}
	if err := removeJournal(h); err != nil {
		return err
	}
	return removeStateFolder(h)
}

func removeJournal(h host.Host) error {
	if _, err := h.Lstat(path.Dir(JournalPath)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := h.Remove(JournalPath); err != nil {
		return fmt.Errorf("cannot remove the journal: %w", err)
	}
	if err := h.RemoveTemp(JournalPath); err != nil {
		return fmt.Errorf("cannot remove the journal: %w", err)
	}
	return nil
}

// removeStateFolder removes the folder of the journal once that is gone, unless something else lives there, or a link of
// the operator's leads to it.
func removeStateFolder(h host.Host) error {
	dir := path.Dir(JournalPath)
	if fi, err := h.Lstat(dir); err != nil || !fi.IsDir() {
		return nil
	}
	if names, err := h.ReadDir(dir); err != nil || len(names) > 0 {
		return nil
	}
	err := h.Remove(dir)
	if errors.Is(err, unix.EBUSY) {
		return nil // something is mounted there: it is not ours to remove, and holds nothing of ours
	}
	if _, gone := h.Lstat(dir); err != nil && !errors.Is(gone, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove the empty folder %s: %w", dir, host.Cause(err))
	}
	return nil
}
