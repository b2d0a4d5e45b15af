package whowins

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// Origin is the place of an assignment in a file.
type Origin struct {
	File   string // logical path, as the tool opened it
	Line   int    // from 1, as an editor counts; 0 stands for the whole file
	Target string // the text of the link that File is, or ""
}

// String returns "file:line".
func (o Origin) String() string {
	if o.Line == 0 {
		return o.File
	}
	return o.File + ":" + strconv.Itoa(o.Line)
}

// Setting is one assignment of a key in a file.
type Setting struct {
	Key          string // with dots; a dot inside a component is "/"
	Value        string // as written, without the blanks around it
	Origin       Origin
	IgnoreErrors bool      // "-key = value"
	Exclude      bool      // "-key": no assignment, it keeps wildcards off Key
	Glob         string    // the pattern with dots, where the key came from wildcards
	Shadowed     []Setting // what assigned the same key and lost, in the order of reading
}

// Outcome is what decides about a key in one of the ways in which files are applied.
type Outcome struct {
	Set     *Setting // nil: nothing assigns it, so that it keeps the kernel's value; or Unknown
	Unknown bool     // something assigns it, but which value cannot be told from the files
	Reason  string   // in words, for a person

	Holds   *string   // what the kernel makes of Set, or of the part of a refused value that it has taken; else nil
	Refused []Refusal // what assigns it and is not taken, in the order of writing
	Lost    []Setting // what assigns it in vain, where Set is nil; else that is Shadowed
}

// Value is the value that o brings, as the kernel has it, and false where there is none.
func (o Outcome) Value() (string, bool) {
	switch {
	case o.Holds != nil:
		return *o.Holds, true
	case o.Set == nil:
		return "", false
	}
	return o.Set.Value, true
}

// Assigned lists what assigns the key, in vain or not, in the order of writing.
func (o Outcome) Assigned() []Setting {
	if o.Set == nil {
		return o.Lost
	}
	set := *o.Set
	set.Shadowed = nil
	return append(slices.Clone(o.Set.Shadowed), set)
}

// Race is a pair of outcomes of which either may come true, because nothing orders the two that cause them.
type Race struct {
	Either, Or Outcome
	Reason     string
}

// Forecast is what becomes of one key.
type Forecast struct {
	Key string

	// Reboot is the state after the next boot: the kernel's command line, systemd-sysctl, then ufw and TuneD where they
	// are enabled.
	// It is Unknown when there are Races: then no verdict is possible.
	Reboot Outcome
	Races  []Race

	// Restart is what "systemctl restart systemd-sysctl" would write now. It differs from Reboot where files in /run,
	// which a reboot empties, or other programs have a say.
	Restart Outcome

	// SysctlSystem is what "sysctl --system" of procps would write now.
	SysctlSystem Outcome
}

// Problem is something in the files that one of the tools does not take as it was probably meant.
type Problem struct {
	Origin Origin
	Text   string
	Unread bool // a file that root may read at boot, and who asks may not: it could set anything
}

// String returns "file:line: text".
func (p Problem) String() string { return p.Origin.String() + ": " + p.Text }

// Forecaster answers which assignment decides about a key. It holds what the files said when it was made, and each
// answer that it gave: a plan asks for one key from several sides, and with hundreds of wildcards an answer takes a
// millisecond. It is not for concurrent use.
type Forecaster struct {
	conf     *confReader
	versions Versions
	boot     *model // systemd-sysctl after a reboot
	restart  *model // systemd-sysctl now
	system   *model // sysctl --system
	absent   [2]string
	ufw      *model // nil where ufw sets nothing
	ufwIs    State
	tuned    *tuned // nil where TuneD is not enabled
	modules  []string
	kernel   *model // the parameters of the kernel
	knows    Kernel // what is known of the kernel that boots, nil for nothing
	given    map[string]Forecast
}

// Observe is [NewForecaster] for the releases that are installed on the machine, each file of which it reads once.
func Observe(r Reader) (*Forecaster, error) {
	r = Once(r)
	v, err := DetectVersions(r)
	if err != nil {
		return nil, err
	}
	return NewForecaster(r, v)
}

// NewForecaster reads and parses all files that take part. The machine may be an image: then /run is left out, since
// what lies there is not what the booted machine will have. Files that cannot be read become [Forecaster.Problems]. It
// fails when the kernel's command line cannot be read.
func NewForecaster(r Reader, v Versions) (*Forecaster, error) {
	c := newConfReader(r)
	f := &Forecaster{conf: c, versions: v, given: map[string]Forecast{}}
	run := live(r)
	switch {
	case v.Systemd == 0:
		f.absent[0] = systemdAbsent
	case c.masked("systemd-sysctl.service"):
		f.absent[0] = "systemd-sysctl.service is masked"
	default:
		ru := systemdRules(v.Systemd)
		f.boot = c.systemdSysctl(ru, false)
		f.restart = f.boot
		if run {
			f.restart = c.systemdSysctl(ru, true)
		}
	}
	if v.Procps == "" {
		f.absent[1] = "procps is not installed"
	} else {
		ru := procpsRules(v.Procps)
		f.system = c.procpsSystem(ru, run)
	}
	f.ufwIs, f.ufw = c.ufwSysctl(v.Procps)
	f.tuned = c.tunedProfile(v.Tuned)
	modules, err := modulesAtBoot(c)
	if err != nil {
		return nil, err
	}
	f.modules = modules
	parameters, err := c.cmdline()
	f.kernel = rules{lastWins: true}.collect(bootParameters(parameters))
	if f.boot != nil {
		f.boot.start = f.kernel
	}
	return f, err
}

// Key forecasts what becomes of key, which may be written with dots or with slashes, see sysctl.d(5). The key need not
// exist; a forecast for a key that the kernel does not have is what would be tried. What it refers to must not be
// changed.
func (f *Forecaster) Key(key string) Forecast {
	p := rules{firstDecides: true, simplify: true}.normal(key)
	fc, given := f.given[p]
	if !given {
		fc = f.ask(p)
		f.given[p] = fc
	}
	return fc
}

// ask forecasts what becomes of the key at path p.
func (f *Forecaster) ask(p string) Forecast {
	fc := Forecast{Key: host.SwapSeparators(p)}
	fc.Restart = f.outcome(f.restart, p, f.absent[0])
	fc.SysctlSystem = f.outcome(f.system, p, f.absent[1])
	fc.Reboot = f.outcome(f.boot, p, f.absent[0])
	fc.Reboot.Unknown = fc.Reboot.Unknown || f.absent[0] == systemdAbsent
	if fc.Reboot.Set != nil {
		if module := f.lateModule(p); module != "" {
			fc.Reboot = Outcome{Unknown: true, Reason: fc.Reboot.Set.Origin.String() + " assigns it, but the module " + module +
				", which brings the key, is not loaded when systemd-sysctl runs"}
		}
	}
	if o := f.kernel.decide(p); fc.Reboot.Set == nil && !fc.Reboot.Unknown && o.Set != nil {
		o.Reason = "the kernel's command line sets it; " + fc.Reboot.Reason
		fc.Reboot = o
	}
	f.afterRun(&fc)
	f.afterUfw(&fc, p)
	f.afterTuned(&fc, p)
	f.afterUnread(&fc)
	return fc
}

// afterUnread asks what files that cannot be read here may assign: anything, but to a key that a file behind them sets.
func (f *Forecaster) afterUnread(fc *Forecast) {
	for _, p := range f.conf.problems {
		if !p.Unread {
			continue
		}
		why := p.String() + ", and it may set the key"
		if !f.standsBehind(fc.SysctlSystem.Set, p) {
			fc.SysctlSystem = Outcome{Unknown: true, Reason: why, Lost: fc.SysctlSystem.Assigned()}
		}
		if p.Origin.File != sysctlConf && len(fc.Races) == 0 && !f.standsBehind(fc.Reboot.Set, p) {
			fc.race(Outcome{Unknown: true, Reason: why}, why)
		}
	}
}

// standsBehind reports whether the tools read the file of set after the one that p is about.
func (*Forecaster) standsBehind(set *Setting, p Problem) bool {
	inFolder := func(file string) bool { return path.Base(path.Dir(file)) == "sysctl.d" }
	if set == nil || !inFolder(p.Origin.File) {
		return false
	}
	file := set.Origin.File
	return file == sysctlConf || inFolder(file) && path.Base(file) > path.Base(p.Origin.File)
}

const sysctlConf = "/etc/sysctl.conf"

const systemdAbsent = "systemd is not installed, so what reads the files at boot is not known"

func (*Forecaster) outcome(m *model, p, absent string) Outcome {
	if m == nil {
		return Outcome{Reason: absent}
	}
	return m.decide(p)
}

// afterRun asks what the files in /run, which now have a say, mean for the next boot. Nobody can tell from them whether
// something will write them again before systemd-sysctl runs.
func (f *Forecaster) afterRun(fc *Forecast) {
	now := fc.Restart
	if now.Set == nil || !strings.HasPrefix(now.Set.Origin.File, "/run/") || sameValue(fc.Reboot, now) {
		return
	}
	if strings.HasPrefix(now.Set.Origin.File, "/run/credentials/") {
		fc.Reboot = now // the machine hands the credential to systemd at every boot
		return
	}
	fc.race(now, now.Set.Origin.String()+" decides now, but a reboot empties /run: "+
		"it decides again only if something writes the file before systemd-sysctl runs")
}

// race replaces the verdict by two outcomes.
func (fc *Forecast) race(or Outcome, reason string) {
	fc.Races = append(fc.Races, Race{Either: fc.Reboot, Or: or, Reason: reason})
	fc.Reboot = Outcome{Unknown: true, Reason: reason}
}

func sameValue(a, b Outcome) bool {
	x, setA := a.Value()
	y, setB := b.Value()
	return setA == setB && strings.Join(strings.Fields(x), " ") == strings.Join(strings.Fields(y), " ")
}

// Settings returns every assignment that takes part, in the order in which the files are read: sysctl.d, then
// /etc/sysctl.conf, ufw's and TuneD's. A file that is read under two names is listed under both.
func (f *Forecaster) Settings() []Setting {
	var all []Setting
	seen := map[Origin]bool{}
	add := func(list []assignment) {
		for _, a := range list {
			if !seen[a.origin] {
				seen[a.origin] = true
				name := a.key
				if name == "" || isGlob(name) {
					name = a.path
				}
				all = append(all, a.setting(name))
			}
		}
	}
	for _, m := range []*model{f.restart, f.system, f.ufw} {
		if m == nil {
			continue
		}
		for _, n := range m.nodes {
			add(n.earlier)
			add([]assignment{n})
		}
	}
	if f.tuned != nil {
		add(f.tuned.profile)
	}
	return all
}

// Problems returns what is wrong with the files, in the order in which it was found.
func (f *Forecaster) Problems() []Problem { return f.conf.problems }

// readIfThere returns the contents of an optional file and whether it is there.
func (c *confReader) readIfThere(p string) (string, bool) {
	data, err := c.ReadFile(p)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.unread(path.Clean(p), "cannot read", err)
	}
	return string(data), err == nil
}
