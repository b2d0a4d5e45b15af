package main

import (
	"encoding/json"
	"fmt"

	"github.com/tcptune/tcptune/internal/plan"
)

// printJSON prints the envelope. Lists are [] when they are empty, never null.
func (t terminal) printJSON(r plan.Report) error {
	r.Schema = plan.Schema
	if r.Changes == nil {
		r.Changes = []plan.Change{}
	}
	if r.Warnings == nil {
		r.Warnings = []string{}
	}
	enc := json.NewEncoder(t.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("cannot print the report: %w", err)
	}
	return nil
}
