// Package lint says what is wrong with the files of a host that set kernel settings.
package lint

import (
	"strings"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// Files looks through what the configuration files of a machine say for keys that are misspelt or that kernels do not
// have any more, for values that the catalogue does not allow, and for lines that no tool understands.
func Files(f *whowins.Forecaster, cat *catalogue.Catalogue) []report.Check {
	var checks []report.Check
	add := func(value, reason, fix string) {
		checks = append(checks, report.Check{
			Name: "sysctl-files", Grade: report.Warn, Value: value, Reason: reason, Fix: "correct or remove " + fix,
		})
	}
	for _, set := range f.Settings() {
		if err := wrong(set, cat); err != nil {
			add(set.Origin.String()+" "+set.Key, err.Error(), "line "+set.Origin.String())
		}
	}
	for _, p := range f.Problems() {
		if !vendor(p.Origin.File) { // or nobody but the package's maintainer could mend it
			add(p.Origin.String(), p.Text, p.Origin.String())
		}
	}
	if checks == nil {
		checks = append(checks, report.Check{
			Name: "sysctl-files", Grade: report.Pass, Value: "no misspelt or removed keys",
			Reason: "the files that set sysctl keys name only keys that exist",
		})
	}
	return checks
}

// vendor reports whether a file came with a package and is not the operator's to edit.
func vendor(file string) bool {
	return strings.HasPrefix(file, "/usr/lib/") || strings.HasPrefix(file, "/lib/")
}

// wrong says what the catalogue has against set.
func wrong(set whowins.Setting, cat *catalogue.Catalogue) error {
	if set.Exclude || strings.ContainsAny(set.Key, "*?[") {
		return nil
	}
	k, err := cat.Lookup(set.Key)
	if err == nil {
		return k.Validate(set.Value)
	}
	if _, misspelt := cat.Misspelt(set.Key); misspelt || report.Is(err, catalogue.CodeRemovedKey) {
		return err
	}
	return nil // the catalogue does not hold all keys that there are
}
