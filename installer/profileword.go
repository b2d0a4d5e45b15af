package installer

import (
	"io"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"
)

// unknownText stands in an expanded word for what nobody can know without running the shell.
const unknownText = "\x01"

// expand returns a word as the shell would see it. known is false when anything in it is not: a variable that some
// other program sets, what a command prints.
func (r *profileRun) expand(w *syntax.Word) (text string, known bool) {
	if w == nil {
		return "", true
	}
	if w.End().Offset()-w.Pos().Offset() > valueBytes || !modest(w) {
		return unknownText, false
	}
	config := expand.Config{
		Env: variables{r},
		CmdSubst: func(out io.Writer, c *syntax.CmdSubst) error {
			_, err := io.WriteString(out, r.substitute(c))
			return err
		},
	}
	text, err := expand.Literal(&config, w)
	if err != nil || strings.Contains(text, unset) {
		return unknownText, false
	}
	return text, !strings.Contains(text, unknownText)
}

// modest reports whether w has only what is cheap to expand and asks for nothing but variables: no arithmetic, which may
// take for ever, and no names of users, which would be looked up on this machine.
func modest(w *syntax.Word) bool {
	ok := true
	syntax.Walk(w, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ArithmExp, *syntax.ProcSubst, *syntax.ExtGlob:
			ok = false
		case *syntax.CmdSubst:
			return false
		case *syntax.ParamExp:
			ok = ok && !n.Excl && !n.Length && !n.Width && n.Index == nil && n.Slice == nil && n.Repl == nil &&
				n.NestedParam == nil && n.Names == 0 && n.Flags == nil && len(n.Modifiers) == 0
		}
		return ok
	})
	lit, first := w.Parts[0].(*syntax.Lit)
	return ok && !(first && strings.HasPrefix(lit.Value, "~") && lit.Value != "~" && !strings.HasPrefix(lit.Value, "~/"))
}

// substitute answers for the one command that profiles of Debian and Ubuntu ask about PATH.
func (r *profileRun) substitute(c *syntax.CmdSubst) string {
	if len(c.Stmts) == 1 && printed(c.Stmts[0]) == "id -u" {
		if uid, known := r.lookup("UID"); known {
			return uid
		}
	}
	return unknownText
}

// isRunParts reports whether w lists /etc/profile.d, whatever the options.
func isRunParts(w *syntax.Word) bool {
	text := printed(w)
	return strings.HasPrefix(text, "$(run-parts ") && strings.HasSuffix(text, " /etc/profile.d)")
}

// printed is n as shell source.
func printed(n syntax.Node) string {
	var b strings.Builder
	if err := syntax.NewPrinter().Print(&b, n); err != nil {
		return ""
	}
	return b.String()
}

// matches reports whether word fits one of the patterns of a case.
func (r *profileRun) matches(word string, patterns []*syntax.Word) truth {
	for _, p := range patterns {
		text, known := r.expand(p)
		if !known {
			return unknown
		}
		expr, err := pattern.Regexp(text, pattern.EntireString)
		if err != nil {
			return unknown
		}
		re, err := regexp.Compile(expr)
		if err != nil {
			return unknown
		}
		if re.MatchString(word) {
			return yes
		}
	}
	return no
}

// variables are the variables of r in the eyes of package expand.
type variables struct{ r *profileRun }

// Get implements [expand.Environ].
func (v variables) Get(name string) expand.Variable {
	value, _ := v.r.lookup(name)
	if value == unset {
		return expand.Variable{}
	}
	return expand.Variable{Set: true, Kind: expand.String, Str: value}
}

// Each implements [expand.Environ]. It is asked for the names of variables only, which no word of ours has.
func (variables) Each(func(string, expand.Variable) bool) {}
