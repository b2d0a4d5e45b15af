package plan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/report"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// effector observes and changes the targets of one kind. A value is the whole state of a target, nil its absence.
type effector interface {
	observe(ctx context.Context, target string) (*string, error)
	write(ctx context.Context, target string, value *string, mode fs.FileMode) error
	// same reports whether two values mean the same.
	same(a, b string) bool
	// torn reports whether now is what a write from before to after may leave when it is cut short.
	torn(now, before, after string) bool
	// refusal says in words that err means "not possible here", or returns "" when it is a failure.
	refusal(err error) string
}

// effectors returns the effectors of the real host.
func effectors(h host.Host) map[report.Kind]effector {
	return map[report.Kind]effector{
		report.Knob:    knobEffect{h},
		report.File:    fileEffect{h: h},
		report.Folder:  folderEffect{h: h},
		report.Module:  moduleEffect{h: h},
		report.Qdisc:   qdiscEffect{h: h},
		report.Link:    linkEffect{h: h},
		report.Tree:    treeEffect{h: h},
		report.Switch:  switchEffect{h: h},
		report.Retired: retireEffect{h: h},
		report.Unit:    newUnitEffect(h.SystemManager()),
	}
}

// tidier is an effector whose writes may leave something beside the target when they are cut short.
type tidier interface{ tidy(target string) error }

// sweeper is an effector that keeps what it has replaced until the transaction is final.
type sweeper interface{ sweep(target string) error }

// whole is embedded by effectors whose writes are all or nothing.
type whole struct{}

func (whole) same(a, b string) bool    { return a == b }
func (whole) torn(_, _, _ string) bool { return false }
func (whole) refusal(error) string     { return "" }

type knobEffect struct{ h host.Host }

func (k knobEffect) observe(_ context.Context, key string) (*string, error) {
	v, err := k.h.ReadKnob(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &v, nil
}

func (k knobEffect) write(_ context.Context, key string, value *string, _ fs.FileMode) error {
	if value == nil {
		return fmt.Errorf("a sysctl key cannot be removed")
	}
	return k.h.WriteKnob(key, *value)
}

// same compares field by field: the kernel answers with tabs where spaces were written.
func (knobEffect) same(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// torn knows that the kernel parses a vector field by field and keeps what it had parsed when a later field is refused,
// and that a long port list is written in pieces, see [host.Host.WriteKnob].
func (knobEffect) torn(now, before, after string) bool {
	if strings.HasPrefix(after, now+",") || strings.HasPrefix(before, now+",") {
		return true
	}
	n, b, a := strings.Fields(now), strings.Fields(before), strings.Fields(after)
	if len(n) < 2 || len(n) != len(b) || len(n) != len(a) {
		return false
	}
	for i := range n {
		if n[i] != b[i] && n[i] != a[i] {
			return false
		}
	}
	return true
}

func (knobEffect) refusal(err error) string {
	switch {
	case errors.Is(err, unix.EROFS):
		return "read-only here: /proc/sys is mounted read-only, as in a container"
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return "the kernel does not permit it here: the key belongs to the host of this container or network namespace"
	case errors.Is(err, unix.ENOENT):
		return "this kernel does not offer it"
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ERANGE):
		return "the kernel refuses this value"
	case errors.Is(err, host.ErrShortWrite):
		return host.ErrShortWrite.Error()
	}
	var errno unix.Errno
	if errors.As(err, &errno) {
		return "the kernel answers: " + errno.Error()
	}
	return ""
}

// oddError is returned for a file of ours in whose place somebody has put something else, a mask for instance.
type oddError string

func (e oddError) Error() string { return string(e) }

func isOdd(err error) bool {
	var odd oddError
	return errors.As(err, &odd)
}

const errOdd = oddError("somebody has put something there that is not a regular file")

type fileEffect struct {
	whole
	h host.Host
}

func (f fileEffect) observe(_ context.Context, p string) (*string, error) {
	fi, err := f.h.Lstat(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, errOdd
	}
	data, err := f.h.ReadFile(p)
	if err != nil {
		return nil, err
	}
	s := string(data)
	return &s, nil
}

func (f fileEffect) write(_ context.Context, p string, value *string, mode fs.FileMode) error {
	if value == nil {
		if err := f.h.RemoveTemp(p); err != nil {
			return err
		}
		return f.h.Remove(p)
	}
	return f.h.WriteFile(p, []byte(*value), mode)
}

func (f fileEffect) tidy(p string) error { return f.h.RemoveTemp(p) }

// folderEffect makes folders that files of ours need. The value of a folder is its mode, which is no reason to call it
// somebody else's: mkdir(2) and chmod(2) are two steps.
type folderEffect struct {
	whole
	h host.Host
}

func (f folderEffect) observe(_ context.Context, p string) (*string, error) {
	fi, err := f.h.Stat(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !fi.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", p)
	}
	mode := fmt.Sprintf("%04o", fi.Mode().Perm())
	return &mode, nil
}

func (f folderEffect) write(_ context.Context, p string, value *string, _ fs.FileMode) error {
	if value != nil {
		mode, err := strconv.ParseUint(*value, 8, 32)
		if err != nil {
			return fmt.Errorf("%q is not a file mode", *value)
		}
		return f.h.Mkdir(p, fs.FileMode(mode))
	}
	err := f.h.Remove(p)
	if errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) {
		return errInUse
	}
	return err
}

func (folderEffect) same(_, _ string) bool { return true }

func (folderEffect) refusal(err error) string {
	if errors.Is(err, errInUse) {
		return "holds files of somebody else"
	}
	return ""
}

// errInUse keeps a thing that somebody else uses by now.
var errInUse = errors.New("in use")

// moduleEffect loads modules. It never unloads one: that a module is loaded changes no behaviour by itself, and what
// uses it by now cannot be known.
type moduleEffect struct {
	whole
	h host.Host
}

const moduleLoaded = "loaded"

func (m moduleEffect) observe(_ context.Context, name string) (*string, error) {
	state, err := m.h.Module(name)
	if err != nil || !state.Usable() {
		return nil, err
	}
	v := moduleLoaded
	return &v, nil
}

func (m moduleEffect) write(ctx context.Context, name string, value *string, _ fs.FileMode) error {
	if value == nil {
		return errInUse
	}
	return m.h.LoadModule(ctx, name)
}

func (moduleEffect) refusal(err error) string {
	if errors.Is(err, errInUse) {
		return "stays loaded until the next boot"
	}
	return "cannot load: " + err.Error()
}

// qdiscEffect sets the root queue discipline of an interface.
type qdiscEffect struct {
	whole
	h host.Host
}

func (q qdiscEffect) observe(_ context.Context, link string) (*string, error) {
	v, err := q.h.RootQdisc(link)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return &v, err
}

func (q qdiscEffect) write(_ context.Context, link string, value *string, _ fs.FileMode) error {
	if value == nil {
		return fmt.Errorf("a root queue discipline cannot be absent")
	}
	return q.h.SetRootQdisc(link, *value)
}

// same takes what the kernel attaches by itself for alike: it follows net.core.default_qdisc, also at the next boot.
func (qdiscEffect) same(a, b string) bool {
	const byKernel = "default "
	return a == b || strings.HasPrefix(a, byKernel) && strings.HasPrefix(b, byKernel)
}

func (qdiscEffect) refusal(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "this kernel does not have the queue discipline"
	}
	return "the kernel answers: " + err.Error()
}
