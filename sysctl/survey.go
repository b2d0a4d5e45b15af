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
	"github.com/tcptune/tcptune/sysctl/whowins"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// Survey is everything that the planner needs to know of a host, observed once. From here on nothing looks at the
// machine any more, so that a plan is a function of what was seen.
type Survey struct {
	Live      bool // false for an image: no running values, and none of this machine's in their place
	BootID    string
	Kernel    catalogue.KernelVersion   // unknown for an image
	Installed []catalogue.KernelVersion // the kernels in an image, one of which will boot
	Memory    int64                     // bytes, 0 for an image
	Knobs     map[string]Knob
	Modules   map[string]host.ModuleState
	Locked    bool // kernel.modules_disabled: nothing more can be loaded until the next boot
	Journal   plan.Journal
	Retry     bool // plan to write what the kernel refused earlier in this boot; without it that is only reported
	Own       File // our file in /etc/sysctl.d
	Loads     File // our file in /etc/modules-load.d
	Folders   map[string]bool
	Links     []Link
	NodePorts []ephemeral.Claim   // of Kubernetes, where it is installed
	Now       *whowins.Forecaster // the configuration files as they are
	Elsewhere *whowins.Forecaster // the same without ours
	reader    whowins.Reader
	versions  whowins.Versions
	trail     trail.Trail
}

// Knob is the running state of one key.
type Knob struct {
	Value   string
	Present bool
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

// Observe surveys h for the keys in names and those that tcptune has changed there. It changes nothing and needs no
// root.
func Observe(h host.Host, cat *catalogue.Catalogue, j plan.Journal, names []string) (Survey, error) {
	s := Survey{Live: h.Live(), Journal: j, Knobs: map[string]Knob{}, reader: whowins.Once(h), trail: h.Trail()}
	defer s.tell()
	var err error
	if s.versions, err = whowins.DetectVersions(s.reader); err != nil {
		return s, err
	}
	if err := s.observeFiles(); err != nil {
		return s, err
	}
	if !s.Live {
		return s, s.observeInstalled(h, modulesOf(cat))
	}
	if s.Modules, err = observeModules(h, modulesOf(cat)); err != nil {
		return s, err
	}
	names = slices.Concat(names, slices.Collect(maps.Keys(s.ownLines())),
		[]string{ephemeral.RangeKey, ephemeral.ReservedKey})
	for _, o := range j.Owned {
		if o.Kind == report.Knob {
			names = append(names, o.Target)
		}
	}
	return s, s.observeKernel(h, cat, names)
}

// observeInstalled looks at the kernels of an image. It has no running one, so what counts of a module is whether one
// of them has it.
func (s *Survey) observeInstalled(h host.Host, modules []string) error {
	releases, err := h.InstalledKernels()
	if err != nil {
		return err
	}
	s.Modules = map[string]host.ModuleState{}
	for _, m := range modules {
		s.Modules[m] = host.ModuleUnknown
	}
	for _, r := range releases {
		v, err := host.ParseKernelVersion(r)
		if err != nil {
			return err
		}
		s.Installed = append(s.Installed, v)
		states, err := h.ModulesIn(r, modules...)
		if err != nil {
			return err
		}
		for m, st := range states {
			if s.Modules[m] != host.ModuleLoadable {
				s.Modules[m] = st
			}
		}
	}
	return nil
}

func (s *Survey) observeKernel(h host.Host, cat *catalogue.Catalogue, names []string) (err error) {
	if s.BootID, err = plan.BootID(h); err != nil {
		return err
	}
	memory, err := h.MemTotal()
	if err != nil {
		return err
	}
	s.Memory = int64(memory)
	release, err := h.KernelRelease()
	if err != nil {
		return err
	}
	if s.Kernel, err = host.ParseKernelVersion(release); err != nil {
		return err
	}
	if locked, err := h.ReadKnob("kernel.modules_disabled"); err == nil {
		s.Locked = locked == "1"
	}
	for _, name := range names {
		k, err := cat.Lookup(name)
		if err != nil {
			k = catalogue.Key{Name: name} // an older tcptune knew it
		}
		if _, seen := s.Knobs[k.Name]; seen {
			continue
		}
		v, err := h.ReadKnob(k.Name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			s.Knobs[k.Name] = Knob{Present: true, Refusal: err}
		default:
			s.Knobs[k.Name] = Knob{Value: k.Normal(v), Present: true, Refusal: h.CanWriteKnob(k.Name)}
		}
	}
	return nil
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
	if !s.owns(s.Own) {
		s.Elsewhere = s.Now
		return nil
	}
	s.Elsewhere, err = whowins.NewForecaster(whowins.WithFile(s.reader, s.Own.Path, nil), s.versions)
	return err
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

// modulesOf are the modules that a value or a key of the catalogue needs.
func modulesOf(cat *catalogue.Catalogue) []string {
	var names []string
	for _, k := range cat.Keys() {
		names = slices.AppendSeq(names, maps.Values(k.ValueModules))
		if k.Module != "" {
			names = append(names, k.Module)
		}
	}
	return names
}

// observeModules looks the modules up on the running kernel. Where its module lists are not there, as on kernels made
// without modules, its configuration answers if it can be read.
func observeModules(h host.Host, names []string) (map[string]host.ModuleState, error) {
	states, err := h.Modules(names...)
	if err != nil {
		return nil, err
	}
	var config []byte
	for m, st := range states {
		if st != host.ModuleUnknown {
			continue
		}
		if config == nil {
			if config, err = h.KernelConfigText(); err != nil {
				config = []byte{} // not visible, so it stays unknown
			}
		}
		states[m] = moduleInConfig(config, m)
	}
	return states, nil
}

// moduleInConfig reads the state of a congestion control or queue discipline from the kernel's configuration, where
// tcp_bbr is CONFIG_TCP_CONG_BBR and sch_fq is CONFIG_NET_SCH_FQ.
func moduleInConfig(config []byte, module string) host.ModuleState {
	option := ""
	if name, ok := strings.CutPrefix(module, "tcp_"); ok {
		option = "CONFIG_TCP_CONG_" + strings.ToUpper(name)
	} else if name, ok := strings.CutPrefix(module, "sch_"); ok {
		option = "CONFIG_NET_SCH_" + strings.ToUpper(name)
	}
	if len(config) == 0 || option == "" {
		return host.ModuleUnknown
	}
	switch host.ParseKernelConfig(config, option) {
	case "y":
		return host.ModuleBuiltin
	case "m":
		return host.ModuleUnknown // it may be installed somewhere out of sight
	}
	return host.ModuleAbsent
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
