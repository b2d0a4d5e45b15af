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
	for _, set := range f.Settings() {
		if c, wrong := lintSetting(set, cat); wrong {
			checks = append(checks, c)
		}
	}
	for _, p := range f.Problems() {
		if vendor(p.Origin.File) {
			continue // nobody but the package's maintainer can mend it
		}
		checks = append(checks, report.Check{
			Name: "sysctl-files", Grade: report.Warn, Value: p.Origin.String(),
			Reason: p.Text, Fix: "correct or remove " + p.Origin.String(),
		})
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

func lintSetting(set whowins.Setting, cat *catalogue.Catalogue) (report.Check, bool) {
	c := report.Check{Name: "sysctl-files", Grade: report.Warn, Value: set.Origin.String() + " " + set.Key}
	k, err := cat.Lookup(set.Key)
	switch {
	case set.Exclude || strings.ContainsAny(set.Key, "*?["):
		return c, false
	case err != nil:
		_, misspelt := cat.Misspelt(set.Key)
		if !misspelt && !report.Is(err, catalogue.CodeRemovedKey) {
			return c, false // the catalogue does not hold all keys that there are
		}
		c.Reason = err.Error()
	default:
		if err := k.Validate(set.Value); err != nil {
			c.Reason = err.Error()
			break
		}
		return c, false
	}
	c.Fix = "correct or remove line " + set.Origin.String()
	return c, true
}
