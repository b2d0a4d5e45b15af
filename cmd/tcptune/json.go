package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/tcptune/tcptune/internal/report"
)

// printJSON prints the envelope. Lists are [] when they are empty, never null.
func (t terminal) printJSON(r report.Report) error {
	r.Schema = report.Schema
	if r.Changes == nil {
		r.Changes = []report.Change{}
	}
	if r.Warnings == nil {
		r.Warnings = []string{}
	}
	if err := writeJSON(t.out, r); err != nil {
		return fmt.Errorf("cannot print the report: %w", err)
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
