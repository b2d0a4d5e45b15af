package whowins

import (
	"reflect"
	"testing"

	"github.com/tcptune/tcptune/test/whowins"
)

// TestEveryRuleCanBeSwitched keeps the list below complete. plainDots and alwaysSwap are rules of TuneD, of which there
// is no judge, and exitKnown is none of a tool.
func TestEveryRuleCanBeSwitched(t *testing.T) {
	if got, want := len(switches()), reflect.TypeFor[rules]().NumField()-3+reflect.TypeFor[whowins.KernelRules]().NumField(); got != want {
		t.Errorf("%d of %d rules can be switched over", got, want)
	}
	for name, flip := range switches() {
		var before, after hypothesis
		flip(&after)
		if before == after || !reflect.ValueOf(after).FieldByName(name).Bool() {
			t.Errorf("the switch of %s does not switch it", name)
		}
	}
}

// switches names each rule of the model and how to switch it over.
func switches() map[string]func(*hypothesis) {
	return map[string]func(*hypothesis){
		"maskByName":    func(r *hypothesis) { r.maskByName = !r.maskByName },
		"emptyMasks":    func(r *hypothesis) { r.emptyMasks = !r.emptyMasks },
		"etcFirst":      func(r *hypothesis) { r.etcFirst = !r.etcFirst },
		"sortByName":    func(r *hypothesis) { r.sortByName = !r.sortByName },
		"confSuffix":    func(r *hypothesis) { r.confSuffix = !r.confSuffix },
		"dotFiles":      func(r *hypothesis) { r.dotFiles = !r.dotFiles },
		"danglingHide":  func(r *hypothesis) { r.danglingHide = !r.danglingHide },
		"loopsHide":     func(r *hypothesis) { r.loopsHide = !r.loopsHide },
		"splitUsr":      func(r *hypothesis) { r.splitUsr = !r.splitUsr },
		"sysctlConf":    func(r *hypothesis) { r.sysctlConf = !r.sysctlConf },
		"globNames":     func(r *hypothesis) { r.globNames = !r.globNames },
		"credential":    func(r *hypothesis) { r.credential = !r.credential },
		"comments":      func(r *hypothesis) { r.comments = !r.comments },
		"crEndsLine":    func(r *hypothesis) { r.crEndsLine = !r.crEndsLine },
		"formFeedSpace": func(r *hypothesis) { r.formFeedSpace = !r.formFeedSpace },
		"dashStripped":  func(r *hypothesis) { r.dashStripped = !r.dashStripped },
		"dashBlanks":    func(r *hypothesis) { r.dashBlanks = !r.dashBlanks },
		"doubleDash":    func(r *hypothesis) { r.doubleDash = !r.doubleDash },
		"firstDecides":  func(r *hypothesis) { r.firstDecides = !r.firstDecides },
		"simplify":      func(r *hypothesis) { r.simplify = !r.simplify },
		"dotDot":        func(r *hypothesis) { r.dotDot = !r.dotDot },
		"shortLines":    func(r *hypothesis) { r.shortLines = !r.shortLines },
		"strtok":        func(r *hypothesis) { r.strtok = !r.strtok },
		"deprecated":    func(r *hypothesis) { r.deprecated = !r.deprecated },
		"lastWins":      func(r *hypothesis) { r.lastWins = !r.lastWins },
		"onlyLast":      func(r *hypothesis) { r.onlyLast = !r.onlyLast },
		"globs":         func(r *hypothesis) { r.globs = !r.globs },
		"globBraces":    func(r *hypothesis) { r.globBraces = !r.globBraces },
		"explicitWins":  func(r *hypothesis) { r.explicitWins = !r.explicitWins },
		"excludes":      func(r *hypothesis) { r.excludes = !r.excludes },
		"excludeGlobs":  func(r *hypothesis) { r.excludeGlobs = !r.excludeGlobs },
		"excludeCancel": func(r *hypothesis) { r.excludeCancel = !r.excludeCancel },
		"keepsPlace":    func(r *hypothesis) { r.keepsPlace = !r.keepsPlace },

		"badLineFails":    func(r *hypothesis) { r.badLineFails = !r.badLineFails },
		"dashForgives":    func(r *hypothesis) { r.dashForgives = !r.dashForgives },
		"absenceForgiven": func(r *hypothesis) { r.absenceForgiven = !r.absenceForgiven },
		"danglingFails":   func(r *hypothesis) { r.danglingFails = !r.danglingFails },
		"dotDotFails":     func(r *hypothesis) { r.dotDotFails = !r.dotDotFails },

		"RefusedStays": func(r *hypothesis) { r.RefusedStays = !r.RefusedStays },
		"Ranges":       func(r *hypothesis) { r.Ranges = !r.Ranges },
		"OtherKeys":    func(r *hypothesis) { r.OtherKeys = !r.OtherKeys },
		"AtItsMoment":  func(r *hypothesis) { r.AtItsMoment = !r.AtItsMoment },
		"Listed":       func(r *hypothesis) { r.Listed = !r.Listed },
		"TextBehind":   func(r *hypothesis) { r.TextBehind = !r.TextBehind },
		"FieldByField": func(r *hypothesis) { r.FieldByField = !r.FieldByField },
	}
}
