package lint

import (
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// Objection is what experts say against a value that the kernel takes.
type Objection struct {
	Key    string      `yaml:"key"`  // the setting that is named
	When   []Condition `yaml:"when"` // all must hold
	Reason string      `yaml:"reason"`
	Fix    string      `yaml:"fix"`
	Source string      `yaml:"source"`
}

// Condition is a comparison of one field of a value.
type Condition struct {
	Key   string `yaml:"key"`
	Field int    `yaml:"field"` // from 1; 0 is the first
	Is    string `yaml:"is"`    // "=", "<", "<=", ">", ">="
	Value int64  `yaml:"value"`
	Of    string `yaml:"of"` // the key to compare with, in the place of Value
}

// Objections is objections.yaml, as the generator reads it and as it is compiled in.
type Objections struct {
	Objections []Objection `yaml:"objections"`
}

// Check reports what is wrong with the entry itself.
func (o Objection) Check() string {
	switch {
	case o.Key == "" || o.Reason == "" || o.Fix == "" || o.Source == "":
		return "an entry lacks a field"
	case len(o.When) == 0 || o.When[0].Key != o.Key:
		return "the first condition must be about the key itself"
	}
	for _, c := range o.When {
		if !strings.Contains(" = < <= > >= ", " "+c.Is+" ") {
			return "there is no comparison " + c.Is
		}
	}
	return ""
}

// holds reports whether c is true of the values that of gives. What is not known is not held against anybody.
func (c Condition) holds(of func(key string) (string, bool)) bool {
	n, ok := field(of, c.Key, c.Field)
	want := c.Value
	if c.Of != "" {
		var known bool
		want, known = field(of, c.Of, 1)
		ok = ok && known
	}
	if !ok {
		return false
	}
	switch c.Is {
	case "=":
		return n == want
	case "<":
		return n < want
	case "<=":
		return n <= want
	case ">":
		return n > want
	case ">=":
		return n >= want
	}
	return false
}

func field(of func(string) (string, bool), key string, at int) (int64, bool) {
	value, known := of(key)
	words := strings.Fields(value)
	if !known || len(words) < max(at, 1) {
		return 0, false
	}
	n, err := strconv.ParseInt(words[max(at, 1)-1], 0, 64)
	return n, err == nil
}

// object adds the objections to the lines that count. A value that no text sets is that of the host's files, or the
// default of its kernel.
func (j *judge) object(texts []Text, all []Judgement) {
	type place struct{ text, line int }
	counts := map[string]place{}
	for i := range all {
		for k, l := range all[i].Lines {
			if l.Verdict == Good || l.Verdict == Mended {
				counts[Variable(j.Catalogue, l.Key)] = place{i, k} // of several texts the last one counts, or each is by itself
			}
		}
	}
	list := compiled().Objections
	for i := range all {
		of := func(key string) (string, bool) {
			at, set := counts[Variable(j.Catalogue, key)]
			if set && (at.text == i || texts[at.text].Placed) {
				return all[at.text].Lines[at.line].Value, true
			}
			return j.standing(key, texts[i].Placed)
		}
		for k := range all[i].Lines {
			one := &all[i].Lines[k]
			if one.Verdict != Good && one.Verdict != Mended {
				continue
			}
			j.ask(one, texts[i], of)
			for _, o := range list {
				if o.Key == one.Key && o.holds(one, of) {
					one.add("objection", o.Reason, o.Fix)
					one.last().Source = o.Source
				}
			}
		}
	}
}

// ask holds the value against what the kernel itself takes, where other keys hold what of gives.
func (j *judge) ask(one *Judged, t Text, of func(string) (string, bool)) {
	k, err := j.Catalogue.Lookup(one.Key)
	if err != nil || j.Facts.Catalogue == nil {
		return
	}
	if is := k.Judge(one.Value, j.Facts.Machine(of)); is.Taken == catalogue.Refuses {
		one.add("refused-value", "the kernel refuses it: "+is.Reason, "correct or remove line "+one.Origin.String())
		if !t.Placed {
			one.last().Severity = report.Warning // another kernel may take it
		}
		one.Verdict = Bad
	}
}

// holds reports whether o is to be said of the line.
func (o Objection) holds(one *Judged, of func(string) (string, bool)) bool {
	for _, c := range o.When {
		value := of
		if c.Key == one.Key { // the line itself, also where another text wins
			value = func(key string) (string, bool) {
				if key == one.Key {
					return one.Value, true
				}
				return of(key)
			}
		}
		if !c.holds(value) {
			return false
		}
	}
	return true
}

// standing is the value of a key that no text sets.
func (j *judge) standing(key string, placed bool) (string, bool) {
	if placed && j.Files != nil {
		if value, set := j.Files.Key(key).Reboot.Value(); set {
			return value, true
		}
	}
	k, err := j.Catalogue.Lookup(key)
	if err != nil {
		return "", false
	}
	kernel := j.Kernel
	if !kernel.Known() {
		kernel = j.Catalogue.Newest()
	}
	d, known := k.DefaultOf(kernel)
	return d.Value, known && !strings.Contains(d.Value, "$") && d.Value != ""
}
