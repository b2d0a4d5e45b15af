package sysctl

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/lint"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// Taking is what hand-written files come to as a profile.
type Taking struct {
	Name string // of the profile
	Path string
	Text string // "" where nothing can be taken
	Rows []report.Imported
}

// Partial reports whether something was not taken that may have been meant.
func (t Taking) Partial() bool {
	return slices.ContainsFunc(t.Rows, func(r report.Imported) bool { return r.Fate == report.Rejected })
}

// Import makes a profile of files that somebody has written by hand. Of several files the later one counts, as it does
// for systemd. name may be "": then it is that of the first file.
func (t Texts) Import(files []string, name string, stdin func() ([]byte, error)) (out Taking, err error) {
	texts, unread, err := t.read(files, stdin)
	if err != nil {
		return out, err
	}
	if len(unread) > 0 {
		return out, &report.Error{Code: "unreadable", Message: fmt.Sprintf("cannot import %s: %s", unread[0].File, unread[0].Reason)}
	}
	if out.Name = name; name == "" {
		if out.Name = nameOf(texts); out.Name == "" {
			return out, report.Usage("cannot tell what to call the profile", "name it: --name NAME")
		}
	}
	if out.Path, err = profile.PathOf(out.Name); err != nil {
		return out, report.Usage(err.Error(), "give it another name: --name NAME")
	}
	var lines []lint.Judged
	for i, j := range lint.Judge(t.world, texts) {
		if unread := j.Unread(); unread != "" {
			out.Rows = append(out.Rows, report.Imported{Target: texts[i].Name, Fate: report.Rejected, Reason: unread})
		}
		lines = append(lines, j.Lines...)
	}
	wishes, rows := t.take(lines)
	out.Rows = append(out.Rows, rows...)
	if len(wishes) == 0 {
		return out, nil
	}
	var from []string
	for _, text := range texts {
		from = append(from, text.Name)
	}
	out.Text = profile.Render(out.Name, "taken over from "+strings.Join(from, ", "), wishes)
	if err := profile.Verify(t.host, t.world.Catalogue, out.Name, out.Text); err != nil {
		return out, fmt.Errorf("cannot import it: %w", err)
	}
	return out, nil
}

// nameOf is the name of a profile for the first text: "99-tuning.conf" gives "tuning".
func nameOf(texts []lint.Text) string {
	if len(texts) == 0 || texts[0].Name == "stdin" {
		return ""
	}
	base := path.Base(texts[0].Name)
	if base == "tuned.conf" {
		base = path.Base(path.Dir(texts[0].Name))
	}
	base = strings.TrimSuffix(strings.TrimSuffix(base, path.Ext(base)), ".conf")
	return strings.TrimLeft(base, "0123456789-_. ")
}

// take decides what becomes of each line.
func (t Texts) take(lines []lint.Judged) (wishes []profile.Wish, rows []report.Imported) {
	last := map[string]int{}
	for i, l := range lines {
		if l.Verdict == lint.Good || l.Verdict == lint.Mended || l.Verdict == lint.Bad {
			last[lint.Variable(t.world.Catalogue, l.Key)] = i
		}
	}
	for i, l := range lines {
		row := report.Imported{Target: l.Origin.String(), Key: l.Key, Value: l.Value, Reason: reasons(l)}
		if row.Key == "" {
			row.Key, row.Value = shorten(l.Written), ""
		}
		key := lint.Variable(t.world.Catalogue, l.Key)
		row.Fate = t.fate(l, &row)
		if by, known := last[key]; known && by != i && l.Verdict != lint.Gone && l.Verdict != lint.Pattern && l.Verdict != lint.Unclear {
			row.Fate, row.Reason = report.Replaced, lines[by].Origin.String()+" sets it to "+lines[by].Value
		}
		if row.Fate.InProfile() {
			k := t.world.Catalogue.Entry(l.Key)
			wishes = append(wishes, profile.Wish{
				Key: k.Name, Value: k.Normal(l.Value), Mode: profile.ExactMode, Why: "as in " + row.Target,
			})
		}
		rows = append(rows, row)
	}
	return wishes, rows
}

// fate is what becomes of a line that no later one replaces.
func (t Texts) fate(l lint.Judged, row *report.Imported) report.Fate {
	add := func(reason string) {
		if row.Reason != "" {
			reason += "; " + row.Reason
		}
		row.Reason = reason
	}
	k := t.world.Catalogue.Entry(l.Key)
	has := func(kind string) bool {
		return slices.ContainsFunc(l.Findings, func(f report.Finding) bool { return f.Kind == kind })
	}
	switch {
	case l.Verdict == lint.Gone:
		return report.Dead
	case l.Verdict == lint.Pattern:
		add("it is about more than one key: it stays in its file")
		return report.Stays
	case l.Verdict == lint.Unclear, l.Verdict == lint.Bad:
		return report.Rejected
	case has("absent-interface"):
		add("it stays in its file, for when the interface comes")
		return report.Stays
	case has("absent-key") && t.world.Hidden:
		add("it stays in its file")
		return report.Stays
	case has("absent-key"):
		return report.Dead
	case !k.Ranged() && !catalogue.OutsideAllowed(k.Name):
		add("it is not about TCP: it stays in its file")
		return report.Stays
	}
	if err := k.Validate(l.Value); err != nil {
		add(err.Error())
		return report.Rejected
	}
	if !k.Ranged() {
		add(catalogue.NoRange)
	}
	if l.Verdict == lint.Mended {
		return report.Corrected
	}
	if value, known := t.world.Facts.Default(k); known && k.Equal(value, l.Value) {
		return report.IsDefault
	}
	return report.Taken
}

// reasons is what was found about a line, but for what is said by its fate.
func reasons(l lint.Judged) string {
	var list []string
	for _, f := range l.Findings {
		if f.Kind == "duplicate" || f.Kind == "missing-module" {
			continue
		}
		text := f.Reason
		if f.Source != "" {
			text += " (" + f.Source + ")"
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

// shorten is a line for a table.
func shorten(line string) string {
	const most = 60
	if len(line) > most {
		return line[:most] + " …"
	}
	return line
}
