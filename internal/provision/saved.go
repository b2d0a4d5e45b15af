package provision

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/sysctl"
)

// savedPlan is a plan in a file, and the options that it was made for.
type savedPlan struct {
	plan    plan.Plan
	options sysctl.Options
}

// readPlan reads what [draft.save] has written; nil for no file.
func readPlan(file string) (*savedPlan, error) {
	if file == "" {
		return nil, nil
	}
	data, err := host.ReadNamed(file, host.Bound{Bytes: 1 << 20, Of: "a saved plan"})
	if err != nil {
		return nil, fmt.Errorf("cannot read the plan: %s: %w", file, host.Cause(err))
	}
	var s savedPlan
	if s.plan, err = plan.Decode(data, &s.options); err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", file, err)
	}
	return &s, nil
}

// save writes the plan for a later apply, whole or not at all. It replaces a regular file, but nothing else: renaming
// over /dev/stdout would break the machine, and a link may be a trap.
func (d draft) save(file string) error {
	data, err := plan.Encode(d.Plan, d.options)
	if err != nil {
		return err
	}
	fi, err := os.Lstat(file)
	mode := 0o644 &^ umask()
	switch {
	case err == nil && !fi.Mode().IsRegular():
		return fmt.Errorf("cannot save the plan: %s is a link, a device or a folder", file)
	case err == nil:
		mode = fi.Mode()
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	at, errAbs := filepath.Abs(file)
	if err = errors.Join(err, errAbs); err == nil {
		err = host.Host{}.WriteFile(at, data, mode)
	}
	if err != nil {
		return fmt.Errorf("cannot save the plan: %s: %w", file, host.Cause(err))
	}
	return nil
}

// umask cannot be asked for without setting it.
func umask() fs.FileMode {
	mask := unix.Umask(0o077)
	unix.Umask(mask)
	return fs.FileMode(mask)
}
