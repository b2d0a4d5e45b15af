package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tcptune/tcptune/internal/report"
)

// Plan is what a command would change, and what it reports without changing it, in the order in which it is carried
// out.
type Plan struct {
	Command  string   `json:"command"`
	Changes  []Change `json:"changes"`
	Warnings []string `json:"warnings"`
	// Forget names targets that tcptune stops owning although it does not change them: revert leaves what somebody else
	// has changed since, and that is theirs from then on.
	Forget []Ref `json:"-"`
	// Keep lists running values that a file of ours keeps after the next boot. They are owned even where nothing had to
	// be written: after that boot it is us who set them.
	Keep []Change `json:"-"`
	// Wanted is what the operator asked for, as JSON; the journal remembers it so that the next command can compare the
	// host with it. nil leaves the memory as it is, "null" clears it.
	Wanted json.RawMessage `json:"-"`
	// Remember puts into the journal, for each source, what whoever plans for it next wants to know; null forgets it.
	Remember map[string]json.RawMessage `json:"-"`
}

// Ref names one thing on the host.
type Ref struct {
	Kind   report.Kind `json:"kind"`
	Target string      `json:"target"`
}

// Ref names what c changes.
func (c Change) Ref() Ref { return Ref{c.Kind, c.Target} }

// Empty reports whether p changes nothing.
func (p Plan) Empty() bool { return !slices.ContainsFunc(p.Changes, Change.Writes) }

// savedSchema is the name and version of a plan in a file.
const savedSchema = "tcptune-plan/v1"

// saved is a plan in a file: the options that made it, so that apply can make it again and compare, and the changes.
type saved struct {
	Schema  string          `json:"schema"`
	Options json.RawMessage `json:"options"`
	Changes []Change        `json:"changes"`
}

// Encode renders p for `plan --out`. options is what the planner was asked, as JSON.
func Encode(p Plan, options any) ([]byte, error) {
	raw, err := json.Marshal(options)
	if err != nil {
		return nil, err
	}
	out, err := json.MarshalIndent(saved{Schema: savedSchema, Options: raw, Changes: p.Changes}, "", "  ")
	return append(out, '\n'), err
}

// Decode reads what [Encode] wrote. It fails on unknown fields and on another schema.
func Decode(data []byte, options any) (Plan, error) {
	var s saved
	if err := strictJSON(data, &s); err != nil {
		return Plan{}, fmt.Errorf("not a saved plan: %w", err)
	}
	if s.Schema != savedSchema {
		return Plan{}, fmt.Errorf("not a saved plan: schema is %q, not %q", s.Schema, savedSchema)
	}
	if err := strictJSON(s.Options, options); err != nil {
		return Plan{}, fmt.Errorf("not a saved plan: options: %w", err)
	}
	return Plan{Changes: s.Changes}, nil
}

// Moved compares a saved plan with the one that the host calls for now, and says what moved, one line each.
// Both carry the whole before and after of every target, so equal plans mean that nothing which matters has moved.
func Moved(saved, now Plan) []string {
	var moved []string
	old := map[Ref]Change{}
	for _, c := range saved.Changes {
		old[c.Ref()] = c
	}
	for _, c := range now.Changes {
		was, ok := old[c.Ref()]
		delete(old, c.Ref())
		switch {
		case !ok:
			moved = append(moved, fmt.Sprintf("%s %s: not in the saved plan", c.Kind, c.Target))
		case !equal(was.Before, c.Before):
			moved = append(moved, fmt.Sprintf("%s %s: was %s, is %s", c.Kind, c.Target, show(was.Before), show(c.Before)))
		case !equal(was.After, c.After):
			moved = append(
				moved,
				fmt.Sprintf("%s %s: would become %s, not %s", c.Kind, c.Target, show(c.After), show(was.After)),
			)
		case was.Status != c.Status || was.Required != c.Required:
			moved = append(moved, fmt.Sprintf("%s %s: is %s, was %s", c.Kind, c.Target, c.Status, was.Status))
		}
	}
	for _, c := range saved.Changes {
		if _, left := old[c.Ref()]; left {
			moved = append(moved, fmt.Sprintf("%s %s: no longer planned", c.Kind, c.Target))
		}
	}
	return moved
}

func equal(a, b *string) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// show renders one side of a change on one line.
func show(v *string) string {
	switch {
	case v == nil:
		return "absent"
	case bytes.ContainsRune([]byte(*v), '\n'):
		return fmt.Sprintf("%d bytes of text", len(*v))
	}
	return fmt.Sprintf("%q", *v)
}

func strictJSON(data []byte, into any) error {
	if err := modest(data); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if dec.More() {
		return fmt.Errorf("more than one document")
	}
	return nil
}
