package provision

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tcptune/tcptune/diagnose"
	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/portcheck"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// Diagnose asks which limit bites now.
type Diagnose struct {
	For    time.Duration // between the first look and the last
	Port   int           // 0: all
	Unit   string        // "": all
	Pid    int           // 0: all
	Netns  string        // a name of ip-netns(8), a PID, or all; "": our own
	Before string        // a file with the JSON document of an earlier run
	// WriteProfile is the name of a profile to be made of the keys that are advised, Replace lets it overwrite another one.
	WriteProfile string
	Replace      bool
	Passed       func(time.Duration) // is told how much of For has passed; may be nil
}

// AboutDiagnose is the source of a profile that was made of what was found.
const AboutDiagnose = "diagnose"

// Diagnose looks twice, and says what limits TCP.
func (t Target) Diagnose(ctx context.Context, d Diagnose) (out Outcome, err error) {
	h := host.Host{}.WithTrail(t.Trail)
	var before *earlier
	if d.Before != "" {
		if before, err = findingsOf(d.Before); err != nil {
			return out, err
		}
	}
	switch {
	case d.Netns != "" && !h.IsRoot():
		return out, needsRoot("look into other network namespaces")
	case d.WriteProfile != "" && !h.IsRoot():
		return out, needsRoot("write a profile")
	}
	narrowed := d.filter().Name()
	if before != nil && before.narrowed != narrowed {
		return out, report.Usage(fmt.Sprintf("cannot compare with %s: it is about %s, and this is about %s", d.Before,
			cmp.Or(before.narrowed, "everything"), cmp.Or(narrowed, "everything")), "")
	}
	out = outcome(nil)
	if narrowed != "" {
		out.note("looked at " + narrowed + " alone: nothing is said about what all share, as the queues of the interfaces, the memory of TCP and connection tracking")
	}
	judged, err := t.diagnose(ctx, h, d, &out)
	if err != nil {
		return out, err
	}
	compare(&out.Report, before, judged)
	if slices.ContainsFunc(out.Report.Observed, func(o report.Observed) bool { return len(o.Unknown) > 0 }) {
		out.Code = report.ExitPartial
	}
	if d.WriteProfile != "" {
		return t.writeAdvised(ctx, d, out)
	}
	return out, nil
}

// diagnose looks at each network namespace at the same time, and tells what could be judged in each.
func (t Target) diagnose(
	ctx context.Context, h host.Host, d Diagnose, out *Outcome,
) (judged map[string]diagnose.Judged, err error) {
	where := d.Netns
	if d.Pid != 0 && where == "" {
		own, _ := h.Readlink("/proc/self/ns/net")
		theirs, err := h.Readlink(fmt.Sprintf("/proc/%d/ns/net", d.Pid))
		switch {
		case errors.Is(err, fs.ErrPermission) && !h.IsRoot():
			return nil, needsRoot(fmt.Sprintf("look into process %d", d.Pid))
		case err != nil:
			return nil, fmt.Errorf("cannot look into process %d: %w", d.Pid, host.Cause(err))
		}
		if own != theirs {
			where = strconv.Itoa(d.Pid)
		}
	}
	namespaces, err := portcheck.FindNamespaces(h, where)
	if err != nil {
		return nil, err
	}
	results := make([]diagnose.Result, len(namespaces))
	failed := make([]error, len(namespaces))
	var wg sync.WaitGroup
	for i, n := range namespaces {
		wg.Go(func() { results[i], failed[i] = diagnoseOne(ctx, h, n, d) })
	}
	wg.Wait()
	for i := range namespaces {
		_ = namespaces[i].Close()
	}
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	found, judged := []report.Limit{}, map[string]diagnose.Judged{}
	for i, r := range results {
		found = append(found, limits(r, namespaces[i].Name)...)
		judged[namespaces[i].Name] = r.Judged
		out.Report.Observed = append(out.Report.Observed, observed(r, namespaces[i].Name, d.filter().Name()))
	}
	out.Report.Findings = &found
	return judged, nil
}

func (d Diagnose) filter() diagnose.Filter {
	return diagnose.Filter{Port: uint16(d.Port), Unit: d.Unit, Pid: d.Pid}
}

func diagnoseOne(ctx context.Context, h host.Host, n portcheck.Namespace, d Diagnose) (diagnose.Result, error) {
	units := unitsOf()
	unit := func(id uint64) string {
		if names := units(id); len(names) > 0 {
			return names[0]
		}
		return ""
	}
	owners, errOwners := ownersIn(ctx, h, n.Name)
	f := d.filter()
	if d.Unit != "" {
		f.InGroup = func(id uint64) bool { return slices.Contains(units(id), d.Unit) }
	}
	if d.Unit != "" || d.Pid != 0 {
		f.Ports = map[uint16]bool{} // what comes in where they listen is theirs, also what nobody has accepted yet
		if d.Pid != 0 && !slices.ContainsFunc(owners, func(o diagnose.Owner) bool { return o.Pid == d.Pid }) {
			l := portcheck.Named(d.Pid)
			owners = append(owners, diagnose.Owner{Pid: l.Pid, Program: l.Name, Units: l.Cgroup.Names()})
		}
		for _, o := range owners {
			if d.Unit != "" && slices.Contains(o.Units, d.Unit) || d.Pid != 0 && o.Pid == d.Pid {
				f.Ports[o.Port] = true
			}
		}
	}
	return diagnose.Run(ctx, h, diagnose.Options{
		Filter: f, For: d.For, UnitOf: unit, Within: n.Do, Passed: d.Passed,
		Owners: func(context.Context) ([]diagnose.Owner, error) { return owners, errOwners },
	})
}

// ownersIn are the processes that listen in a network namespace.
func ownersIn(ctx context.Context, h host.Host, netns string) (all []diagnose.Owner, err error) {
	view, err := portcheck.Open(h, netns)
	if err != nil {
		return nil, err
	}
	defer view.Close()
	found, err := view.Holding(ctx, 1, portcheck.AllPorts)
	for _, l := range found {
		if l.Pid != 1 { // which is systemd, and holds the sockets of socket units
			all = append(all, diagnose.Owner{
				Port: l.Port(), Address: l.Local.Addr().Unmap(), Pid: l.Pid, Program: l.Name, Units: l.Cgroup.Names(), Why: l.Why,
			})
		}
	}
	return all, err
}

// unitsOf has the names of the unit of a control group by its number. It remembers what it has been asked.
func unitsOf() func(uint64) []string {
	known := map[uint64][]string{}
	return func(id uint64) []string {
		names, asked := known[id]
		if !asked {
			if p, ok := portcheck.CgroupPath(id); ok {
				names = portcheck.CgroupOf(p).Names()
			}
			known[id] = names
		}
		return names
	}
}

func limits(r diagnose.Result, namespace string) (all []report.Limit) {
	for _, f := range r.Findings {
		l := report.Limit{
			Rule: f.Rule, Certainty: f.Certainty, Target: f.Target, Namespace: namespace, Words: f.Words, Evidence: f.Evidence,
			Weight: f.Weight, Advice: []report.Advised{}, Check: f.Check, Source: f.Source,
		}
		for _, a := range f.Advice {
			l.Advice = append(l.Advice, report.Advised{Kind: string(a.Kind), Target: a.Target, Value: a.Value})
		}
		all = append(all, l)
	}
	return all
}

func observed(r diagnose.Result, namespace, narrowed string) report.Observed {
	o := report.Observed{
		Namespace: namespace, Narrowed: narrowed, Duration: r.Lasted.Seconds(), Looks: r.Looks, Sockets: r.Sockets, Sending: r.Sending, Came: r.Born, Went: r.Gone,
		Sampled: r.Sampled, ProgramShare: r.ProgramShare, Unknown: []report.Unjudged{},
	}
	o.Spreads, o.Services = []report.Spread{}, []report.Spent{}
	for _, s := range r.Spreads {
		o.Spreads = append(o.Spreads, report.Spread(s))
	}
	for _, s := range r.Services {
		spent := report.Spent{Target: s.Name, Connections: s.Connections, Sending: s.Sending, Shares: []report.SpentPart{}}
		for _, part := range s.Spent {
			spent.Shares = append(spent.Shares, report.SpentPart{By: part.By, Share: part.Part})
		}
		o.Services = append(o.Services, spent)
	}
	for _, u := range r.Unjudged {
		o.Unknown = append(o.Unknown, report.Unjudged{Rule: u.Rule, Target: u.Target, Reason: u.Why})
	}
	return o
}

// earlier is what another run has found, and what alone that has looked at.
type earlier struct {
	found    []report.Limit
	narrowed string
}

// findingsOf reads the document of an earlier run.
func findingsOf(file string) (*earlier, error) {
	data, err := host.ReadNamed(file, host.Bound{Bytes: 4 << 20, Of: "a document of diagnose"})
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", file, host.Cause(err))
	}
	var r report.Report
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("cannot read %s: it is no JSON document of tcptune: %w", file, err)
	}
	if r.Findings == nil {
		return nil, report.Usage("cannot compare with "+file+": it is no document of diagnose", "tcptune diagnose --json > "+file)
	}
	before := earlier{found: *r.Findings}
	for _, o := range r.Observed {
		before.narrowed = o.Narrowed // of all the same
	}
	return &before, nil
}

// compare notes which findings came since another run, and which went. One that could not be judged, or of which
// nothing was seen this time, has not gone, nor has one of a network namespace that was not looked at.
func compare(r *report.Report, before *earlier, judged map[string]diagnose.Judged) {
	if before == nil {
		return
	}
	name := func(l report.Limit) string { return strings.TrimSpace(l.Rule + " " + l.Target + " " + l.Namespace) }
	was := map[string]report.Limit{}
	for _, l := range before.found {
		was[name(l)] = l
	}
	for i, l := range *r.Findings {
		_, known := was[name(l)]
		(*r.Findings)[i].New = !known
		delete(was, name(l))
	}
	var gone []string
	for _, each := range slices.Sorted(maps.Keys(was)) {
		l := was[each]
		at := slices.IndexFunc(r.Observed, func(o report.Observed) bool { return o.Namespace == l.Namespace })
		unknown := func(o report.Observed) bool {
			return slices.ContainsFunc(o.Unknown, func(u report.Unjudged) bool { return u.Rule == l.Rule })
		}
		switch {
		case at < 0 || slices.ContainsFunc(r.Observed, unknown):
		case judged[l.Namespace].Has(l.Rule, l.Target):
			gone = append(gone, each)
		default:
			r.Observed[at].Unknown = append(r.Observed[at].Unknown, report.Unjudged{
				Rule: l.Rule, Target: l.Target,
				Reason: "it was found before, and nothing was seen this time that tells whether it has gone",
			})
		}
	}
	if len(r.Observed) > 0 {
		r.Observed[0].Gone = gone
	}
}

// writeAdvised writes a profile of the keys that are advised for our own network namespace, and of nothing else.
func (t Target) writeAdvised(ctx context.Context, d Diagnose, found Outcome) (out Outcome, err error) {
	out = found
	cat, err := catalogue.Load()
	if err != nil {
		return out, err
	}
	wishes := advised(cat, *found.Report.Findings)
	if len(wishes) == 0 {
		out.note("no profile was written: no key would help")
		return out, nil
	}
	file, err := profile.PathOf(d.WriteProfile)
	if err != nil {
		return out, report.Usage(err.Error(), "give it another name")
	}
	s, notes, err := t.openSettled(ctx)
	if err != nil {
		return out, err
	}
	defer s.end(&out, &err)
	out.note(notes...)
	text := profile.Render(d.WriteProfile, "what tcptune diagnose advised", wishes)
	if err := profile.Verify(s.host, cat, d.WriteProfile, text); err != nil {
		return out, fmt.Errorf("cannot write the profile: %w", err)
	}
	p, err := profilePlan(s.host, file, text, d.Replace, AboutDiagnose, "holds what was advised")
	if err != nil {
		return out, err
	}
	_, err = s.carry(&out, func() ([]plan.Change, error) { return s.Apply(ctx, p) })
	return out, err
}

// advised are the wishes for the keys, each with its evidence. Of two values for a key the surer finding's counts, and of
// equally sure ones the larger: it is listed first.
func advised(cat *catalogue.Catalogue, found []report.Limit) (wishes []profile.Wish) {
	for _, f := range found {
		if f.Namespace != "" || f.Certainty == rules.Hint {
			continue
		}
		for _, a := range f.Advice {
			has := func(w profile.Wish) bool { return w.Key == a.Target }
			if a.Kind != string(rules.Key) || slices.ContainsFunc(wishes, has) {
				continue
			}
			mode := profile.Raise
			if key, err := cat.Lookup(a.Target); err == nil && key.Fields[0].Rule == catalogue.Exact {
				mode = profile.ExactMode
			}
			wishes = append(wishes, profile.Wish{
				Key: a.Target, Value: a.Value, Mode: mode, Why: fmt.Sprintf("%s of %s (%s): %s", f.Rule, f.Target, f.Certainty, f.Evidence),
			})
		}
	}
	return wishes
}
