package provision

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

func TestErrorsOfTheKernelAreToldInUserTerms(t *testing.T) {
	t.Parallel()
	theirs := "/" // belongs to root
	if os.Geteuid() == 0 {
		theirs = t.TempDir()
		if err := os.Chown(theirs, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	denied := fmt.Errorf("cannot write the journal: mkdir /var/lib/tcptune: %w", fs.ErrPermission)
	for name, tc := range map[string]struct {
		root string
		err  error
		hint bool
	}{
		"an image of somebody else":         {theirs, denied, true},
		"one's own image":                   {t.TempDir(), denied, false},
		"this machine":                      {"", denied, false},
		"a file named on the command line":  {theirs, named{denied}, false},
		"a failure of another kind":         {theirs, errors.New("cannot do it"), false},
		"a chroot without /proc":            {"", fmt.Errorf("cannot begin: %w", host.ErrNoProc), true},
		"an image that cannot be looked at": {"/nowhere", denied, false},
	} {
		got := Target{Root: tc.root}.InUserTerms(tc.err)
		if hint := report.Describe(got).Hint != ""; hint != tc.hint {
			t.Errorf("%s: a hint is %t, want %t: %v", name, hint, tc.hint, got)
		}
	}
}
