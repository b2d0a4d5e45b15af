package rules

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
)

// Subject is what rules are about, and what was seen of it.
type Subject struct {
	Kind, Name string
	Figures    map[string]float64
	Words      map[string]string
	Unknown    map[string]string // figures that cannot be known, and why
	Related    []string          // the names of other subjects that this one depends on
}

// NewSubject is a subject of which nothing was seen yet.
func NewSubject(kind, name string) Subject {
	return Subject{
		Kind: kind, Name: name, Figures: map[string]float64{}, Words: map[string]string{"name": name}, Unknown: map[string]string{},
	}
}

// See notes a figure, or why it is not known.
func (s Subject) See(figure string, value float64, err error) {
	if err != nil {
		s.Unknown[figure] = err.Error()
		return
	}
	s.Figures[figure] = value
}

// Finding is one limit.
type Finding struct {
	Rule, Certainty, Target, Words, Evidence string
	Weight                                   float64
	Advice                                   []Advice
	Check, Source                            string

	related []string
}

// Unjudged is a rule that might hold and cannot be judged.
type Unjudged struct{ Rule, Target, Why string }

// Evaluate holds every rule against every subject of its kind. The findings come by certainty, then by weight.
func Evaluate(all []Rule, subjects []Subject) (found []Finding, unjudged []Unjudged) {
	for _, r := range all {
		for _, s := range subjects {
			if s.Kind != r.Of {
				continue
			}
			f, why, ok := r.on(s)
			switch {
			case ok:
				found = append(found, f)
			case why != "":
				unjudged = append(unjudged, Unjudged{r.ID, s.Name, why})
			}
		}
	}
	found = explained(all, doubted(all, found))
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rank(a.Certainty), rank(b.Certainty)), cmp.Compare(b.Weight, a.Weight))
	})
	return found, unjudged
}

func rank(certainty string) int { return slices.Index([]string{Certain, Likely, Hint}, certainty) }

// on is the finding of r about s.
func (r Rule) on(s Subject) (f Finding, unknown string, ok bool) {
	for _, degree := range []struct {
		name       string
		conditions []string
	}{{Certain, r.Certain}, {Likely, r.Likely}, {Hint, r.Hint}} {
		if degree.conditions == nil {
			continue
		}
		v := s.holds(degree.conditions)
		if v.unknown != "" && unknown == "" {
			unknown = v.unknown
		}
		if !v.holds {
			continue
		}
		certainty := degree.name
		if r.Sampled && certainty == Certain && s.Figures["looks"] <= FewLooks {
			certainty = Likely
		}
		f = Finding{
			Rule: r.ID, Certainty: certainty, Target: s.Name, Words: s.fill(r.Words), Evidence: s.fill(r.Evidence),
			Check: s.fill(r.Check), Source: r.Source, Weight: min(max(s.Figures[r.Weight], 0), 1),
			related: s.Related,
		}
		for _, a := range r.Advice {
			// A key whose value cannot be computed, or that is not there, is none to be set.
			if s.holds(a.When).holds && (a.Kind != Key || s.knows(a.Value)) {
				f.Advice = append(f.Advice, Advice{Kind: a.Kind, Target: s.fill(a.Target), Value: s.fill(a.Value)})
			}
		}
		return f, "", true
	}
	return f, unknown, false
}

// doubted calls likely what is only seen at looks, beside what says that programs wait for a processor: whoever reads, and
// whoever looks, comes late then, for no fault of its own.
func doubted(all []Rule, found []Finding) []Finding {
	if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == "cpu-pressure" }) {
		return found
	}
	for i, f := range found {
		sampled := slices.ContainsFunc(all, func(r Rule) bool { return r.ID == f.Rule && r.Sampled })
		if sampled && f.Certainty == Certain {
			found[i].Certainty = Likely
		}
	}
	return found
}

// explained leaves out what another finding is the reason of: one about the same subject, or about one that it depends on.
func explained(all []Rule, found []Finding) []Finding {
	unless := map[string][]string{}
	for _, r := range all {
		unless[r.ID] = append(unless[r.ID], r.Unless...)
	}
	return slices.DeleteFunc(slices.Clone(found), func(f Finding) bool {
		return slices.ContainsFunc(found, func(by Finding) bool {
			switch reasons := unless[f.Rule]; {
			case by.Rule == f.Rule || by.Certainty == Hint:
				return false
			case slices.Contains(reasons, "any"):
				return true
			case rank(by.Certainty) > rank(f.Certainty): // what may be does not hide what is
				return false
			default:
				return slices.Contains(reasons, by.Rule) && (by.Target == f.Target || slices.Contains(f.related, by.Target))
			}
		})
	})
}

func placeholder() *regexp.Regexp { return regexp.MustCompile(`\{([a-z_0-9]+)(?::([a-z]+))?\}`) }

// knows reports whether all that text has a place for is known.
func (s Subject) knows(text string) bool {
	return !slices.ContainsFunc(placeholder().FindAllStringSubmatch(text, -1), func(parts []string) bool {
		_, not := s.Unknown[parts[1]]
		return not
	})
}

// fill puts figures and words into a text: {drops} is a number, {share:pct} a percentage, {window:bytes}, {rtt:ms}.
func (s Subject) fill(text string) string {
	pattern := placeholder()
	return pattern.ReplaceAllStringFunc(text, func(p string) string {
		parts := pattern.FindStringSubmatch(p)
		if word, ok := s.Words[parts[1]]; ok {
			return word
		}
		if why, not := s.Unknown[parts[1]]; not {
			return "? (" + why + ")"
		}
		return format(s.Figures[parts[1]], parts[2])
	})
}

func format(v float64, unit string) string {
	switch unit {
	case "pct":
		if v > 0 && v < 0.1 {
			return fmt.Sprintf("%.2g %%", 100*v)
		}
		return fmt.Sprintf("%.0f %%", 100*v)
	case "ms":
		return fmt.Sprintf("%.3g ms", v/1e3)
	case "bytes":
		for _, u := range []struct {
			size float64
			name string
		}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
			if v >= u.size {
				return fmt.Sprintf("%.3g %s", v/u.size, u.name)
			}
		}
		return fmt.Sprintf("%.0f bytes", v)
	case "mbit":
		return fmt.Sprintf("%.3g Mbit/s", 8*v/1e6)
	case "times":
		return fmt.Sprintf("%.2g", v)
	}
	if v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return fmt.Sprintf("%.3g", v)
}
