package provision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/trail"
	"github.com/tcptune/tcptune/prove"
	"github.com/tcptune/tcptune/prove/path"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// Prove asks what a profile does better than something else.
type Prove struct {
	Profile  string   // a name or a file; "": what would be applied
	Against  string   // the same, or [HostNow], which "" stands for
	Key      string   // of the profile this key alone, or KEY=VALUE; "": all of them
	Work     []string // the names of workloads; none: all of them
	Each     bool     // each key of the profile left out in turn
	Path     ProvePath
	Rounds   int
	Lasts    time.Duration // all of it; 0: 90 s for each side
	Force    bool          // on a host that is busy, too
	Announce func(string)  // is told what comes, before it begins
	Said     func(string)  // is told how far it is; may be nil
}

const (
	perSide  = 90 * time.Second
	calmLook = time.Second
)

// CarryPath is what the process does that [Target.Prove] starts for each path.
func CarryPath(in io.Reader, out io.Writer) error { return path.Carry(in, out) }

// CarryPathCommand is the command of ours that has to call [CarryPath].
const CarryPathCommand = path.Command

// CleanProve ends what a [Target.Prove] has left whose process was killed: a process that carries packets, if it could not
// end by itself. Namespaces and devices end with the last process in them.
func (t Target) CleanProve(ctx context.Context) (out Outcome, ended int, err error) {
	h, err := t.host()
	if err == nil && !h.IsRoot() {
		err = needsRoot("look for processes of others")
	}
	if err != nil {
		return out, 0, err
	}
	out = outcome(nil)
	left, err := h.Abandoned(path.Command)
	for _, p := range left {
		failed := p.Signal(unix.SIGKILL)
		if failed == nil || errors.Is(failed, fs.ErrNotExist) {
			failed = p.Wait(ctx)
		}
		if failed != nil {
			failed = fmt.Errorf("cannot end process %d: %w", p.Pid(), failed)
		} else {
			ended++
		}
		err = errors.Join(err, failed, p.Close())
	}
	out.Report.Changed = ended > 0
	return out, ended, err
}

// Prove compares two sides over an emulated path. Nothing of the host is changed.
func (t Target) Prove(ctx context.Context, w Prove) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	scenario, shape, err := w.Path.shape()
	if err != nil {
		return out, err
	}
	cat, err := catalogue.Load()
	if err != nil {
		return out, err
	}
	workloads, err := w.workloads()
	if err != nil {
		return out, err
	}
	if err := prove.CheckRounds(w.Rounds); err != nil {
		return out, err
	}
	out = outcome(nil)
	c := prove.Comparison{Workloads: workloads, Load: prove.Work, Rounds: w.Rounds, Lasts: w.Lasts, Said: w.Said}
	d, err := t.sides(h, cat, w, &out)
	switch {
	case err != nil:
		return out, err
	case !h.IsRoot():
		return out, needsRoot("make network namespaces")
	}
	if shape.Kind, err = d.drop(shape, w); err != nil {
		return out, err
	}
	c.Shape = shape
	for _, s := range d.differ {
		h.Trail().Step("compares", slog.String("key", s.Target), slog.String("before", s.Before), slog.String("after", s.After))
	}
	if len(d.differ) == 0 {
		return out, d.noDifference()
	}
	c.Sides = []prove.Side{d.before, d.after}
	if w.Each {
		c.Sides = []prove.Side{d.after}
		for _, s := range d.differ {
			c.Keys = append(c.Keys, s.Target)
			c.Sides = append(c.Sides, d.without(s.Target))
		}
	}
	if c.Lasts == 0 {
		c.Lasts = max(perSide*time.Duration(len(c.Sides)), c.Least())
	}
	if err := c.Check(); err != nil {
		return out, err
	}
	if err := calm(ctx, h, w.Force, &out); err != nil {
		return out, err
	}
	if w.Announce != nil {
		w.Announce(fmt.Sprintf("this takes up to %d of %d cores for %s: %d rounds of %d workloads on %d sides",
			min(3, runtime.NumCPU()), runtime.NumCPU(), c.Lasts.Round(time.Second), c.Rounds, len(c.Workloads), len(c.Sides)))
	}
	proof, err := c.Run(ctx)
	if err != nil {
		return out, interrupted(ctx, fmt.Errorf("cannot compare: %w", err))
	}
	proof.Scenario, proof.Before, proof.After, proof.Settings = scenario, d.before.Name, d.after.Name, d.differ
	if w.Each {
		proof.Before = d.after.Name + " without the key"
	}
	proof.NotProvable = append(proof.NotProvable, d.absent...)
	proof.Path = describePath(shape, proof.Path.Measured)
	out.Report.Proof = &proof
	switch {
	case len(proof.Rows) == 0:
		return out, &report.Error{
			Code: "path-not-carried", Message: "cannot compare: " + proof.NotMeasured[0].Reason,
			Hint: "end what else is running, or take a smaller --rate",
		}
	case len(proof.NotMeasured) > 0:
		out.Partial, out.Code = true, report.ExitPartial
	}
	return out, nil
}

// workloads are those that w names.
func (w Prove) workloads() (some []prove.Workload, err error) {
	all := prove.Workloads()
	if len(w.Work) == 0 {
		return all, nil
	}
	names := make([]string, len(all))
	for i, known := range all {
		if names[i] = known.Name; slices.Contains(w.Work, known.Name) {
			some = append(some, known)
		}
	}
	for _, name := range w.Work {
		if !slices.Contains(names, name) {
			return nil, report.Usage(fmt.Sprintf("cannot find workload %q", name), "they are "+strings.Join(names, ", "))
		}
	}
	return some, nil
}

// calm refuses a host that is busy with something else.
func calm(ctx context.Context, h host.Host, force bool, out *Outcome) error {
	busy, err := prove.Busy(ctx, h, calmLook)
	h.Trail().Step("looks at the processors", slog.Float64("busy", busy), trail.Failed(err))
	if err != nil || busy <= prove.Calm {
		return err
	}
	found := fmt.Sprintf("other programs take %.0f %% of the processors", 100*busy)
	if force {
		out.note(found + ": what comes of this may be theirs")
		return nil
	}
	return &report.Error{
		Code: "host-busy", Message: "cannot compare on this host now: " + found, Hint: "wait until it is calm, or use --force",
	}
}

// sides are the two that are compared.
type sides struct {
	before, after prove.Side
	differ        []report.ProofSetting
	absent        []report.ProofAbsence
}

// noDifference says that there is nothing to compare, and of one key why.
func (d sides) noDifference() error {
	why := "they do not differ in a key that a network namespace has"
	if len(d.absent) == 1 {
		why = "of " + d.absent[0].Target + ", " + d.absent[0].Reason
	}
	return &report.Error{
		Code: "no-difference", Message: "cannot compare " + d.before.Name + " with " + d.after.Name + ": " + why,
		Hint: "--against PROFILE compares with other values than those that run, --key KEY=VALUE another one",
	}
}

// without is the side after without a key: that one is as before.
func (d sides) without(key string) prove.Side {
	s := prove.Side{Name: "without " + key}
	for i, k := range d.after.Settings {
		if k.Key == key {
			k = d.before.Settings[i]
		}
		s.Settings = append(s.Settings, k)
	}
	return s
}

// sides finds the values of both sides: those of the host for every key of TCP that a network namespace has, and over
// them what each side wants.
func (t Target) sides(h host.Host, cat *catalogue.Catalogue, w Prove, out *Outcome) (d sides, err error) {
	if w.Key != "" && w.Each {
		return d, report.Usage("cannot use --key and --each at once", "")
	}
	after, err := t.wishes(h, cat, w.Profile, w.Key, out)
	if err != nil {
		return d, err
	}
	before := side{profile: profile.Profile{Name: HostNow}}
	if w.Against != "" && w.Against != HostNow {
		var notes []string
		if before, notes, err = sideOf(h, cat, w.Against); err != nil {
			return d, err
		}
		out.note(notes...)
	}
	if w.Key != "" {
		before.profile.Keys = slices.DeleteFunc(before.profile.Keys, func(k profile.Wish) bool { return after.wishes[k.Key].Key == "" })
		maps.DeleteFunc(before.wishes, func(key string, _ profile.Wish) bool { return after.wishes[key].Key == "" })
	}
	for _, s := range []side{before, after} {
		for _, k := range s.profile.Keys {
			if k.Computed() {
				return d, report.Usage("cannot compare with profile "+s.profile.Name+": it names no path that its buffers are for", "")
			}
		}
	}
	d.before.Name, d.after.Name = sideName(before, w.Key != ""), sideName(after, w.Key != "")
	d.collect(h, cat, before, after)
	return d, nil
}

// sideName says what a side is: a profile, or the running values, with one key or none of another one.
func sideName(s side, oneKey bool) string {
	switch {
	case s.profile.Name == HostNow || oneKey && len(s.profile.Keys) == 0:
		return HostNow
	case oneKey:
		return HostNow + " with " + s.profile.Keys[0].Key + " = " + s.profile.Keys[0].Value
	}
	return "profile " + s.profile.Name
}

// wishes is the side after: a profile, or one key of it or of its own.
func (t Target) wishes(h host.Host, cat *catalogue.Catalogue, name, key string, out *Outcome) (s side, err error) {
	key, value, given := strings.Cut(key, "=")
	if key == "" && given {
		return s, report.Usage("cannot compare a key without a name: want KEY or KEY=VALUE", "")
	}
	if key != "" {
		k, err := cat.Lookup(strings.TrimSpace(key))
		if err != nil {
			return s, report.Usage("cannot compare: "+err.Error(), "")
		}
		if key = k.Name; given {
			if err := k.Validate(value); err != nil {
				return s, report.Usage(err.Error(), "")
			}
			wish := profile.Wish{Key: key, Value: k.Normal(value), Mode: profile.ExactMode}
			s.profile = profile.Profile{Name: name, Keys: []profile.Wish{wish}}
			s.wishes = map[string]profile.Wish{key: wish}
			return s, nil
		}
	}
	if name == "" {
		s, err = t.standingSide(h, cat, out)
	} else {
		var notes []string
		s, notes, err = sideOf(h, cat, name)
		out.note(notes...)
	}
	if err != nil || key == "" {
		return s, err
	}
	wish, wanted := s.wishes[key]
	if !wanted {
		return s, report.Usage(fmt.Sprintf("cannot compare with %s: profile %s does not set it", key, s.profile.Name),
			"--key "+key+"=VALUE gives it one")
	}
	s.profile.Keys, s.wishes = []profile.Wish{wish}, map[string]profile.Wish{key: wish}
	return s, nil
}

// standingSide is what an apply would bring where nobody names a profile.
func (t Target) standingSide(h host.Host, cat *catalogue.Catalogue, out *Outcome) (s side, err error) {
	declared, err := readDeclared(h)
	if err != nil {
		return s, err
	}
	j, notes, err := recall(h)
	if err != nil {
		return s, err
	}
	out.note(notes...)
	o, _, err := standing(declared, j)
	if err != nil {
		return s, err
	}
	s.profile, notes, err = sysctl.Options{Profile: o.Profile, Bandwidth: o.Bandwidth, RTT: o.RTT}.LoadProfile(h, cat)
	out.note(notes...)
	s.wishes = map[string]profile.Wish{}
	for _, k := range s.profile.Keys {
		s.wishes[k.Key] = k
	}
	return s, err
}

// collect fills in the values, in the order in which they are to be written.
func (d *sides) collect(h host.Host, cat *catalogue.Catalogue, before, after side) {
	for _, k := range cat.Keys() {
		a, wantedA := after.wishes[k.Name]
		b, wantedB := before.wishes[k.Name]
		wanted := wantedA || wantedB
		ours := k.Scope == catalogue.PerNetns && strings.HasPrefix(k.Name, "net.") && !strings.HasPrefix(k.Name, "net.netfilter.")
		if !ours {
			if wanted {
				d.absent = append(d.absent, report.ProofAbsence{Target: k.Name, Reason: whyNotProvable(k)})
			}
			continue
		}
		running, err := h.ReadKnob(k.Name)
		if err != nil {
			if wanted {
				d.absent = append(d.absent, report.ProofAbsence{Target: k.Name, Reason: "what runs cannot be read: " + host.Cause(err).Error()})
			}
			continue
		}
		running = k.Normal(running)
		old, now := met(k, b, wantedB, running), met(k, a, wantedA, running)
		d.before.Settings = append(d.before.Settings, prove.Setting{Key: k.Name, Value: old})
		d.after.Settings = append(d.after.Settings, prove.Setting{Key: k.Name, Value: now})
	}
	for _, s := range []side{before, after} {
		for _, w := range s.profile.Keys {
			if _, known := cat.About(w.Key); !known {
				d.absent = append(d.absent, report.ProofAbsence{
					Target: w.Key, Reason: "it is not in the catalogue of keys: whether a network namespace has its own is not known",
				})
			}
		}
	}
}

// met is what a key comes to that has the running value, where w is wished of it.
func met(k catalogue.Key, w profile.Wish, wanted bool, running string) string {
	switch {
	case !wanted:
		return running
	case w.Mode == profile.ExactMode || k.Validate(running) != nil:
		return k.Normal(w.Value)
	case w.Mode == profile.UnionMode:
		return k.Union(w.Value, running)
	}
	return k.Better(w.Value, running)
}

func whyNotProvable(k catalogue.Key) string {
	if k.Scope == catalogue.Global {
		return "one value for the whole machine: a network namespace has none of its own"
	}
	return "nothing of what is measured here depends on it"
}

// drop takes out what a network namespace does not take, and notes in what the sides differ. It says of which kind a path
// of that shape is here.
func (d *sides) drop(shape path.Shape, w Prove) (kind string, err error) {
	p, err := path.New(shape)
	if err != nil {
		return "", fmt.Errorf("cannot compare: %w", err)
	}
	if p.NotNetem != "" && w.Announce != nil {
		w.Announce("the path is an emulator of our own: " + p.NotNetem)
	}
	refused, err := prove.Refused([]prove.Side{d.before, d.after}, p)
	_, failed := p.Close()
	if err := errors.Join(err, failed); err != nil {
		return "", fmt.Errorf("cannot compare: %w", err)
	}
	var before, after []prove.Setting
	for i, b := range d.before.Settings {
		a := d.after.Settings[i]
		reason, not := refused[b.Key]
		if !not {
			before, after = append(before, b), append(after, a)
		}
		switch {
		case a.Value == b.Value:
		case not:
			d.absent = append(d.absent, report.ProofAbsence{Target: b.Key, Reason: reason})
		default:
			d.differ = append(d.differ, report.ProofSetting{Target: b.Key, Before: b.Value, After: a.Value})
		}
	}
	d.before.Settings, d.after.Settings = before, after
	return p.Kind, nil
}
