package lint

import (
	"fmt"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// judge holds what the lines of one run share.
type judge struct {
	World
	shapes *shapes
	there  map[string]bool // what World.Has has answered
}

// mostJudged is how many findings there may be in a text that is judged to its end.
const mostJudged = 1000

// Judge judges texts, each by itself and together: of a pair of settings one may stand in another text.
func Judge(w World, texts []Text) []Judgement {
	j := &judge{World: w, there: map[string]bool{}}
	all := make([]Judgement, len(texts))
	for i, t := range texts {
		all[i] = j.text(t)
	}
	j.object(texts, all)
	return all
}

func (j *judge) text(t Text) (out Judgement) {
	data, found, readable := marksOf(t.Name, t.Data)
	out.Findings = found
	if !readable {
		return out
	}
	if !asUTF8(data) {
		out.Findings = append(out.Findings, finding(whowins.Origin{File: t.Name}, "encoding",
			"the text is not in UTF-8", "save it as UTF-8"))
	}
	if much := whowins.TooMuch(data); much != "" {
		out.Findings = append(out.Findings, finding(whowins.Origin{File: t.Name}, "unreadable", much+"; what it sets is not known",
			"split it, and leave out what sets nothing"))
		return out
	}
	tuned := whowins.IsTuned(data, t.Name)
	lines := whowins.Lines(data, t.Name)
	if tuned {
		lines = whowins.TunedLines(data, t.Name)
	}
	wrong := 0
	for i := 0; i < len(lines); i++ {
		var judged []Judged
		if p, ok := pairAt(lines, i); ok {
			one := Judged{Origin: lines[i].Origin, Written: lines[i].Text + " " + lines[i+1].Text}
			judged = j.mended(one, "json-yaml", []pair{p}, t)
			i++
		} else {
			judged = j.line(lines[i], t, tuned)
		}
		out.Lines = append(out.Lines, judged...)
		for _, one := range judged {
			wrong += len(one.Findings)
		}
		if wrong > mostJudged { // the rest is as little meant for sysctl as this
			out.Findings = append(out.Findings, finding(whowins.Origin{File: t.Name}, "too-many",
				fmt.Sprintf("there are more than %d findings, and what stands behind them is not judged", mostJudged), "correct these first"))
			break
		}
	}
	j.repeated(out.Lines)
	return out
}

// pairAt is the assignment that lines i and i+1 are together.
func pairAt(lines []whowins.Line, i int) (p pair, ok bool) {
	if i+1 == len(lines) {
		return p, false
	}
	return pairOf(lines[i].Text, lines[i+1].Text)
}

// line judges one line, which may set several keys where it is a command.
func (j *judge) line(l whowins.Line, t Text, tuned bool) []Judged {
	one := Judged{Origin: l.Origin, Written: l.Text, Key: l.Key, Value: l.Value, Ignore: l.IgnoreErrors}
	add := func(kind, reason, fix string) {
		f := finding(l.Origin, kind, reason, fix)
		f.Key, f.Value = l.Key, l.Value
		one.Findings = append(one.Findings, f)
	}
	if r, odd := oddSpace(l.Text); odd {
		add("odd-space", fmt.Sprintf("the line has a %s, which is no space for any tool: it belongs to the key or the value",
			nameOf(r)), "type the line anew")
		one.Idle = true
		clean := whowins.Lines([]byte(withoutOdd(l.Text)), l.Origin.File)
		if len(clean) == 1 {
			one.Key, one.Value, l.Problem = clean[0].Key, clean[0].Value, clean[0].Problem
		}
	}
	plain := keyLike(one.Key)
	switch {
	case !plain || l.Key == "" && l.Problem != "":
		if sets, kind, ok := j.meant(withoutOdd(l.Text)); ok {
			return j.mended(one, kind, sets, t)
		}
		problem := l.Problem
		if problem == "" || strings.HasPrefix(problem, "a comment") {
			problem = "not an assignment: what stands before = is no name of a key"
		}
		kind, fix := "syntax", "write key = value, or put # before the line"
		one.Verdict = Unclear
		switch bare := strings.Trim(l.Text, "{}[], -"); {
		case strings.Contains(l.Text, ".") && keyLike(l.Text):
			kind, problem, one.Verdict = "missing-value", "there is a key, and neither = nor a value", Bad
		case bare == "" || strings.HasSuffix(bare, ":") && !strings.ContainsAny(bare, " \t"):
			kind, problem, one.Verdict = "json-yaml", "this is the frame of JSON or YAML, which no tool of sysctl reads", Gone
		case strings.ContainsAny(l.Text, "{}[]") || strings.HasSuffix(l.Text, ":"):
			kind, problem = "json-yaml", "not an assignment: this looks like JSON or YAML, which no tool of sysctl reads"
		}
		add(kind, problem, fix)
		return []Judged{one}
	case l.Exclude:
		one.Verdict = Pattern
		return []Judged{one}
	case l.Value == "" && one.Value == "" && !mayBeEmpty(one.Key):
		add("missing-value", "the value is missing: the kernel refuses an empty one", "write the value, or remove the line")
		one.Verdict = Bad
		return []Judged{one}
	}
	if tuned {
		switch v := one.Value; {
		case strings.Contains(v, "${"):
			one.Verdict = Unclear // TuneD works it out
			return []Judged{one}
		case len(v) > 1 && (v[0] == '>' || v[0] == '<'):
			one.Value = strings.TrimSpace(strings.TrimPrefix(v[1:], "="))
			one.Verdict = Mended // TuneD compares
		}
	}
	if strings.ContainsAny(one.Key, "*?[") {
		one.Verdict = Pattern
		return []Judged{one}
	}
	j.settle(&one, t)
	return []Judged{one}
}

// mended judges what a line was meant to be.
func (j *judge) mended(from Judged, kind string, sets []pair, t Text) (list []Judged) {
	about := map[string]string{
		"command":        "this is a command for a shell: sysctl takes the whole line for the name of a key, and sets nothing",
		"export":         "export belongs to a shell: sysctl takes it for a part of the name of the key, and sets nothing",
		"json-yaml":      "this is JSON or YAML: sysctl reads key = value only, and sets nothing",
		"missing-equals": "there is no = between the key and the value: no tool takes the line",
	}[kind]
	for i, s := range sets {
		one := from
		one.Findings = nil
		one.Key, one.Value, one.Idle = s.key, s.value, true
		if i == 0 {
			one.Findings = append(one.Findings, from.Findings...)
			f := finding(from.Origin, kind, about, "write: "+s.key+" = "+s.value)
			f.Key, f.Value = s.key, s.value
			one.Findings = append(one.Findings, f)
		}
		one.Verdict = Mended
		j.settle(&one, t)
		list = append(list, one)
	}
	if list == nil {
		from.Findings = append(from.Findings, finding(from.Origin, kind, about, "remove the line, or put # before it"))
		from.Verdict, from.Idle = Gone, true // a command that sets nothing: sysctl -p
		list = append(list, from)
	}
	return list
}

// meant is what a text that is no assignment was meant to be.
func (j *judge) meant(text string) (sets []pair, kind string, ok bool) {
	if j.shapes == nil {
		j.shapes = newShapes()
	}
	m, ok := j.shapes.of(text)
	return m.sets, m.kind, ok
}

// settle judges the key and the value of a line, and so its verdict.
func (j *judge) settle(one *Judged, t Text) {
	mended := one.Verdict == Mended
	if inner, is := quoted(one.Value); is {
		one.add("quotes", "the kernel takes quotation marks for a part of the value, and refuses it",
			"write: "+one.Key+" = "+inner)
		one.Value, mended = inner, true
	}
	if number, text := cutText(one.Value); text != "" && j.numeric(one.Key) {
		fix := "put the comment on a line of its own: " + one.Key + " = " + number
		if strings.HasPrefix(one.Value[len(number):], " ") || strings.HasPrefix(one.Value[len(number):], "\t") {
			one.add("text-behind", "the kernel reads the number and ignores what follows; no tool takes it for a comment", fix)
		} else {
			one.add("text-behind", "the kernel refuses the whole value: what follows the number is no comment for any tool", fix)
			one.last().Severity = report.Mistake
		}
		one.Value, mended = number, true
	}
	if word, text := cutWord(one.Value); text != "" && j.word(one.Key) {
		one.add("text-behind", "the kernel takes what follows the word for a part of it, and refuses the value",
			"put the comment on a line of its own: "+one.Key+" = "+word)
		one.last().Severity = report.Mistake
		one.Value, mended = word, true
	}
	verdict := j.key(one, t)
	if verdict == Mended {
		verdict, mended = Good, true
	}
	if verdict == Good {
		verdict = j.value(one)
	}
	if verdict == Good && (mended || len(one.Findings) > 0 && wrong(one.Findings)) {
		verdict = Mended
	}
	one.Verdict = verdict
}

func (one *Judged) add(kind, reason, fix string) {
	f := finding(one.Origin, kind, reason, fix)
	f.Key, f.Value = one.Key, one.Value
	one.Findings = append(one.Findings, f)
}

// last is the finding that was made last.
func (one *Judged) last() *report.Finding { return &one.Findings[len(one.Findings)-1] }

// wrong reports whether one of the findings says that the line as it stands does not do what it was meant to.
func wrong(list []report.Finding) bool {
	for _, f := range list {
		if f.Severity == report.Mistake {
			return true
		}
	}
	return false
}

// value judges the value of a key that is there.
func (j *judge) value(one *Judged) Verdict {
	k, err := j.Catalogue.Lookup(one.Key)
	if err != nil {
		return Good // no range is known of it
	}
	if err := k.Validate(one.Value); err != nil {
		one.add("refused-value", err.Error(), "correct or remove line "+one.Origin.String())
		return Bad
	}
	if k.NoEffect.Known() && !(j.Kernel.Known() && j.Kernel.Less(k.NoEffect)) {
		one.add("no-effect", fmt.Sprintf("the kernel takes it and does nothing with it, since Linux %s", k.NoEffect),
			strings.TrimSuffix("remove the line; "+k.Instead, "; "))
	}
	return Good
}

// numeric reports whether the value of a key begins with a number.
func (j *judge) numeric(key string) bool {
	k, err := j.Catalogue.Lookup(key)
	return err != nil && !strings.HasPrefix(key, "kernel.") || err == nil && len(k.Fields) > 0 && k.Fields[0].Max > k.Fields[0].Min
}

// word reports whether the value of a key is a word.
func (j *judge) word(key string) bool {
	k, err := j.Catalogue.Lookup(key)
	return err == nil && k.Kind == catalogue.Word
}

// cutWord cuts off what was meant as a comment behind a word.
func cutWord(value string) (word, text string) {
	if i := strings.IndexAny(value, "#;"); i > 0 {
		return strings.TrimSpace(value[:i]), value[i:]
	}
	return value, ""
}

// cutText cuts off what follows a number, or numbers, and is none.
func cutText(value string) (number, text string) {
	end := strings.IndexFunc(value, func(r rune) bool { return !strings.ContainsRune("0123456789-,xXabcdefABCDEF \t", r) })
	if end <= 0 || value[0] < '0' || value[0] > '9' {
		return value, ""
	}
	number = strings.TrimRight(value[:end], " \t")
	if words := strings.Fields(number); len(words) > 0 && !digits(words[len(words)-1]) {
		return value, ""
	}
	return number, value[end:]
}

func digits(word string) bool {
	return strings.Trim(word, "0123456789") == "" || strings.HasPrefix(word, "0x") || strings.ContainsAny(word, "-,")
}

// mayBeEmpty reports whether a key can be set to nothing.
func mayBeEmpty(key string) bool { return key == "net.ipv4.ip_local_reserved_ports" }

func nameOf(r rune) string {
	switch r {
	case '\u00a0', '\u202f':
		return "non-breaking space"
	case '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff':
		return "mark without width"
	}
	return fmt.Sprintf("character %U", r)
}
