package lint

import "github.com/tcptune/tcptune/internal/report"

// Kinds are all kinds of findings.
func Kinds() []report.FindingKind {
	const mistake, warning, note = report.Mistake, report.Warning, report.Note
	return []report.FindingKind{
		{Name: "syntax", Severity: mistake, About: "a line that is no assignment"},
		{Name: "command", Severity: mistake, About: "a command for a shell where an assignment is wanted"},
		{Name: "export", Severity: mistake, About: "an assignment of a shell"},
		{Name: "json-yaml", Severity: mistake, About: "JSON or YAML where an assignment is wanted"},
		{Name: "missing-equals", Severity: mistake, About: "a key and a value without = between them"},
		{Name: "missing-value", Severity: mistake, About: "a key without a value"},
		{Name: "unknown-key", Severity: mistake, About: "a key that no kernel has"},
		{Name: "misspelt-key", Severity: mistake, About: "a wrong name of a key"},
		{Name: "removed-key", Severity: mistake, About: "a key that kernels do not have any more"},
		{Name: "interface-dots", Severity: mistake, About: "the name of an interface with dots, which want to be slashes"},
		{Name: "refused-value", Severity: mistake, About: "a value that the key cannot have"},
		{Name: "quotes", Severity: mistake, About: "quotation marks around a value, which the kernel takes for a part of it"},
		{Name: "odd-space", Severity: mistake, About: "a space that only looks like one"},
		{Name: "byte-order-mark", Severity: mistake, About: "a mark before the first line that belongs to it for every tool"},
		{Name: "zero-byte", Severity: mistake, About: "a zero byte, at which tools stop reading"},
		{Name: "encoding", Severity: mistake, About: "a text that is not in UTF-8"},
		{Name: "unreadable", Severity: mistake, About: "a file that cannot be read, so that nothing is known of it"},
		{Name: "absent-key", Severity: warning, About: "a key that this kernel does not have"},
		{Name: "missing-module", Severity: warning, About: "a key that comes with a module which nothing loads in time"},
		{Name: "not-applied", Severity: warning, About: "a file that nothing applies at boot"},
		{Name: "no-effect", Severity: warning, About: "a key that kernels take and do nothing with"},
		{Name: "duplicate", Severity: warning, About: "a line that a later one of the same file replaces"},
		{Name: "overridden", Severity: warning, About: "a line that another file decides against"},
		{Name: "text-behind", Severity: warning, About: "text behind a number"},
		{Name: "objection", Severity: warning, About: "a value that experts object to"},
		{Name: "too-many", Severity: warning, About: "more findings than are named"},
		{Name: "absent-interface", Severity: note, About: "a key of an interface that is not there now"},
		{Name: "line-ends", Severity: note, About: "lines that end as on Windows"},
	}
}

// severityOf is the severity of the kind called name.
func severityOf(name string) report.Severity {
	for _, k := range Kinds() {
		if k.Name == name {
			return k.Severity
		}
	}
	return report.Mistake
}
