package provision

import (
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// Lint says what is wrong with files that set kernel settings: those of the host where none is named.
func (t Target) Lint(files []string) (out Outcome, err error) {
	texts, err := t.textsOf()
	if err != nil {
		return out, err
	}
	out = outcome(nil)
	if len(files) == 0 {
		out.Report.Lint = texts.LintHost()
	} else if out.Report.Lint, err = texts.Lint(files, t.stdin); err != nil {
		return out, err
	}
	for _, f := range out.Report.Lint {
		if f.Wrong() {
			out.Code = report.ExitDiffers
		}
	}
	return out, nil
}

// LintKinds are the kinds of findings that there are.
func LintKinds() []report.FindingKind { return sysctl.FindingKinds() }

func (t Target) textsOf() (texts sysctl.Texts, err error) {
	h, err := t.host()
	if err != nil {
		return texts, err
	}
	cat, err := catalogue.Load()
	if err != nil {
		return texts, err
	}
	return sysctl.ObserveTexts(h, cat)
}

func (t Target) stdin() ([]byte, error) {
	data, err := fromStandard(t.In)
	if err != nil {
		err = named{err}
	}
	return data, err
}
