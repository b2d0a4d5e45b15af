package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/tcptune/tcptune/internal/report"
)

// printJSON prints the envelope. Lists are [] when they are empty, never null.
func (t terminal) printJSON(r report.Report) error {
	r = r.Summed()
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
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, asciiControls(text.String()))
	return err
}

// asciiControls writes what does not print as \u0000 does: the document may be looked at on a terminal. JSON itself
// only asks for the controls of ASCII, and only strings hold anything else.
func asciiControls(document string) string {
	steers := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if strings.IndexFunc(document, steers) < 0 {
		return document
	}
	var out strings.Builder
	for _, r := range document {
		if !steers(r) {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	return out.String()
}
