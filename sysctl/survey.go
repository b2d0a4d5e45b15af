package sysctl

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/trail"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/ephemeral"
	"github.com/tcptune/tcptune/sysctl/kernel"
	"github.com/tcptune/tcptune/sysctl/whowins"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// Survey is everything that the planner needs to know of a host, observed once. From here on nothing looks at the
// machine any more, so that a plan is a function of what was seen.
type Survey struct {
	kernel.Facts // Live is false for an image: no running values, and none of this machine's in their place

	BootID    string
	Knobs     map[string]Knob
	Journal   plan.Journal
	Retry     bool // plan to write what the kernel refused earlier in this boot; without it that is only reported
	Own       File // our file in /etc/sysctl.d
	Loads     File // our file in /etc/modules-load.d
	Folders   map[string]bool
	Links     []Link
	NodePorts []ephemeral.Claim   // of Kubernetes, where it is installed
	Now       *whowins.Forecaster // the configuration files as they are
	Elsewhere *whowins.Forecaster // the same without ours
	retired   []retired
	returning map[string][]byte // files that a revert brings back
	reader    whowins.Reader
	versions  whowins.Versions
	trail     trail.Trail
}

// Knob is the running state of one key.
type Knob struct {
	Value   string
	Present bool
	Unread  error // why it cannot be read, or nil
	Refusal error // why it cannot be written here, or nil
}

// File is a file of ours. Content is nil when it is not there.
type File struct {
	Path    string
	Content *string
	Odd     error // somebody has put something else in its place: a link that masks it, for instance
}

// Link is a network interface and its root queue discipline.
type Link struct{ Name, Qdisc string }

const (
	sysctlFolder  = "/etc/sysctl.d"
	modulesFolder = "/etc/modules-load.d"
	firstOwnPath  = sysctlFolder + "/60-tcptune.conf"
	loadsPath     = modulesFolder + "/tcptune.conf"
)

// Observe surveys h for the keys in names and those that tcptune has changed there. wanted are values of which the survey
// must tell whether the kernel can have them. It changes nothing and needs no root.
func Observe(
	h host.Host, cat *catalogue.Catalogue, j plan.Journal, names []string, wanted ...string,
) (Survey, error) {
	s := Survey{Journal: j, Knobs: map[string]Knob{}, reader: whowins.Once(h), trail: h.Trail()}
	defer s.tell()
	var err error
	if s.versions, err = whowins.DetectVersions(s.reader); err != nil {
		return s, err
	}
	if err := s.observeFiles(); err != nil {
		return s, err
	}
	for _, set := range s.Now.Settings() {
		wanted = append(wanted, set.Value)
	}
	if s.Facts, err = kernel.Observe(h, cat, wanted); err != nil {
		return s, err
	}
	s.Now, s.Elsewhere = s.judged(s.Now), s.judged(s.Elsewhere)
	if !s.Live {
		return s, nil
	}
	names = slices.Concat(names, cat.Operands(), slices.Collect(maps.Keys(s.ownLines())),
		[]string{ephemeral.RangeKey, ephemeral.ReservedKey})
	for _, o := range j.Owned {
		if o.Kind == report.Knob {
			names = append(names, o.Target)
		}
	}
	return s, s.observeKernel(h, cat, names)
}

func (s *Survey) observeKernel(h host.Host, cat *catalogue.Catalogue, names []string) (err error) {
	if s.BootID, err = plan.BootID(h); err != nil {
		return err
	}
	for _, name := range names {
		k := entry(cat, name)
		if _, seen := s.Knobs[k.Name]; seen {
			continue
		}
		v, read := s.Facts.Running[k.Name] // by whose value others are judged
		var err error
		if !read {
			v, err = h.ReadKnob(k.Name)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			s.Knobs[k.Name] = Knob{Present: true, Unread: whyUnread(h, k.Name, err), Refusal: err}
		default:
			s.Knobs[k.Name] = Knob{Value: k.Normal(v), Present: true, Refusal: h.CanWriteKnob(k.Name)}
		}
	}
	return nil
}

// whyUnread says why the value of a key that is there cannot be read.
func whyUnread(h host.Host, key string, err error) error {
	switch {
	case h.WriteOnlyKnob(key):
		return errors.New("it can only be written: that starts something, and leaves no value")
	case errors.Is(err, fs.ErrPermission) && !h.IsRoot():
		return errors.New("only root may read it")
	case errors.Is(err, unix.EIO):
		return fmt.Errorf("the kernel has no value for it yet (%w)", host.Cause(err))
	}
	return host.Cause(err)
}

// observeFiles finds our own files, and reads all others with and without them.
func (s *Survey) observeFiles() (err error) {
	s.Own, s.Loads = File{Path: firstOwnPath}, File{Path: loadsPath}
	for _, o := range s.Journal.Owned {
		if o.Kind == report.File && path.Dir(o.Target) == sysctlFolder {
			s.Own.Path = o.Target
		}
	}
	for _, f := range []*File{&s.Own, &s.Loads} {
		if f.Content, err = readOptional(s.reader, f.Path); errors.Is(err, errOdd) {
			f.Odd = err
		} else if err != nil {
			return err
		}
	}
	s.NodePorts = ephemeral.NodePorts(s.reader)
	s.Folders = map[string]bool{}
	for _, dir := range []string{sysctlFolder, modulesFolder} {
		_, err := s.reader.Stat(dir)
		s.Folders[dir] = err == nil
	}
	if s.Now, err = whowins.NewForecaster(s.reader, s.versions); err != nil {
		return err
	}
	if !s.owns(s.Own) && !s.owns(s.Loads) {
		s.Elsewhere = s.Now
		return nil
	}
	s.Elsewhere, err = whowins.NewForecaster(s.bare(), s.versions)
	return err
}

// judged is f for the kernel of the host.
func (s *Survey) judged(f *whowins.Forecaster) *whowins.Forecaster {
	return f.Under(s.AtBoot(), s.Facts.Now())
}

// bare reads the host without the files that tcptune wrote, without those that are to go, and with those that a revert
// brings back.
func (s *Survey) bare() whowins.Reader {
	r := s.reader
	for _, f := range []File{s.Own, s.Loads} {
		if s.owns(f) {
			r = whowins.WithFile(r, f.Path, nil)
		}
	}
	for _, f := range s.retired {
		r = whowins.WithFile(r, f.path, nil)
	}
	for p, data := range s.returning {
		r = whowins.WithFile(r, p, data)
	}
	return r
}

// owns reports whether f is there and tcptune wrote it.
func (s *Survey) owns(f File) bool {
	_, ok := s.Journal.Find(plan.Ref{Kind: report.File, Target: f.Path})
	return ok && f.Content != nil
}

// errOdd is returned where a link, or no file at all, stands in the place of a file of ours.
var errOdd = errors.New("a link, or no regular file, stands in its place")

func readOptional(h whowins.Reader, p string) (*string, error) {
	fi, err := h.Lstat(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(p, err)
	}
	if !fi.Mode().IsRegular() {
		return nil, errOdd
	}
	data, err := h.ReadFile(p)
	if err != nil {
		return nil, unreadable(p, err)
	}
	text := string(data)
	return &text, nil
}

func unreadable(p string, err error) error {
	var named *fs.PathError
	if errors.As(err, &named) {
		err = named.Err
	}
	return fmt.Errorf("cannot read %s: %w", p, err)
}

// ownLines returns the assignments in our own file.
func (s *Survey) ownLines() map[string]string {
	set := map[string]string{}
	if !s.owns(s.Own) {
		return set
	}
	for line := range strings.Lines(*s.Own.Content) {
		key, value, ok := strings.Cut(line, "=")
		if ok && !strings.HasPrefix(line, "#") {
			set[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return set
}

// Unread says which files cannot be read here that root may read at boot, and which are named pipes: what they set is
// missing in every forecast.
func (s *Survey) Unread() (notes []string) {
	for _, p := range s.Now.Problems() {
		if p.Unread {
			notes = append(notes, p.String()+"; what it sets is not known here")
		}
	}
	return notes
}

// Strays lists files that tcptune must have written and of which the journal knows nothing: it was lost, or this is a
// copy of another host's /etc.
func (s *Survey) Strays() (paths []string) {
	candidates := []string{loadsPath}
	there, _ := s.reader.ReadDir(sysctlFolder)
	for _, n := range ownNames() {
		if slices.Contains(there, n) {
			candidates = append(candidates, sysctlFolder+"/"+n)
		}
	}
	for _, p := range candidates {
		if _, owned := s.Journal.Find(plan.Ref{Kind: report.File, Target: p}); owned {
			continue
		}
		if text, err := readOptional(s.reader, p); err == nil && text != nil && strings.HasPrefix(*text, header) {
			paths = append(paths, p)
		}
	}
	return paths
}

// header begins every file of ours, see package templates.
const header = "# Written by tcptune"
