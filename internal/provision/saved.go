package provision

import (
	"errors"
	"fmt"
	"io"
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

// standard is the name of the file that is standard input, or standard output.
const standard = "-"

// longestInput bounds what is read of standard input, in bytes: a plan or a go.mod has a few thousand.
const longestInput = 1 << 20

// fromStandard reads standard input, for a file that is called so.
func fromStandard(in io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, longestInput+1))
	if err == nil && len(data) > longestInput {
		err = fmt.Errorf("standard input has more than %d bytes", longestInput)
	}
	return data, err
}

// readPlan reads what [Target.save] has written; nil for no file.
func (t Target) readPlan(file string) (*savedPlan, error) {
	if file == "" {
		return nil, nil
	}
	read := func() ([]byte, error) { return host.ReadNamed(file, host.Bound{Bytes: 1 << 20, Of: "a saved plan"}) }
	if file == standard {
		read = func() ([]byte, error) { return fromStandard(t.In) }
	}
	data, err := read()
	if err != nil {
		return nil, named{fmt.Errorf("cannot read the plan: %s: %w", file, host.Cause(err))}
	}
	var s savedPlan
	if s.plan, err = plan.Decode(data, &s.options); err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", file, err)
	}
	return &s, nil
}

// save writes the plan for a later apply.
func (t Target) save(d draft, file string) error {
	data, err := plan.Encode(d.Plan, d.options)
	if err != nil {
		return err
	}
	return t.write("save the plan", file, data, 0o644)
}

// write puts what a command has made into a file that its caller has named, whole or not at all. It replaces a regular
// file, but nothing else: renaming over /dev/stdout would break the machine, and a link may be a trap.
func (t Target) write(to, file string, data []byte, mode fs.FileMode) error {
	if file == standard {
		_, err := t.Out.Write(data)
		return err
	}
	fi, err := os.Lstat(file)
	mode &^= umask()
	switch {
	case err == nil && !fi.Mode().IsRegular():
		return fmt.Errorf("cannot %s: %s is a link, a device or a folder", to, file)
	case err == nil:
		mode = fi.Mode()
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	at, errAbs := filepath.Abs(file)
	if err = errors.Join(err, errAbs); err == nil {
		err = host.Host{}.WriteShared(at, data, mode)
	}
	if err != nil {
		return named{fmt.Errorf("cannot %s: %s: %w", to, file, host.Cause(err))}
	}
	return nil
}

// umask cannot be asked for without setting it.
func umask() fs.FileMode {
	mask := unix.Umask(0o077)
	unix.Umask(mask)
	return fs.FileMode(mask)
}

// ReadArguments reads the file in which Ansible has written the arguments of a module.
func ReadArguments(file string) ([]byte, error) {
	data, err := host.ReadNamed(file, host.Bound{Bytes: 1 << 20, Of: "the arguments of a module"})
	if err != nil {
		return nil, fmt.Errorf("cannot read the arguments of the module: %s: %w", file, host.Cause(err))
	}
	return data, nil
}
