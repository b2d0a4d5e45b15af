package installer

import (
	"mvdan.cc/sh/v3/syntax"
)

// truth is the outcome of a condition.
type truth int

const (
	unknown truth = iota
	yes
	no
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

func and(x, y truth) truth {
	switch {
	case x == no || y == no:
		return no
	case x == yes && y == yes:
		return yes
	}
	return unknown
}

// truth judges a list of commands by the last of them.
func (r *profileRun) truth(list []*syntax.Stmt) truth {
	if len(list) != 1 {
		return unknown
	}
	t := r.command(list[0].Cmd)
	if list[0].Negated {
		return t.not()
	}
	return t
}

func (r *profileRun) command(c syntax.Command) truth {
	switch c := c.(type) {
	case *syntax.CallExpr:
		return r.program(c)
	case *syntax.TestClause:
		return r.expression(c.X)
	case *syntax.DeclClause:
		for _, a := range c.Args {
			r.assign(a)
		}
		return yes
	case *syntax.BinaryCmd:
		switch c.Op { //nolint:exhaustive // pipes are not judged
		case syntax.AndStmt:
			return r.both(c, yes)
		case syntax.OrStmt:
			return r.both(c, no)
		}
	}
	return unknown
}

// both judges x && y, or x || y: y runs when x is as in runs, and may run when x is unknown.
func (r *profileRun) both(c *syntax.BinaryCmd, runs truth) truth {
	x := r.truth([]*syntax.Stmt{c.X})
	switch x {
	case runs:
		return r.truth([]*syntax.Stmt{c.Y})
	case runs.not():
		return x
	}
	r.maybe++
	defer func() { r.maybe-- }()
	if r.truth([]*syntax.Stmt{c.Y}) == runs.not() {
		return runs.not()
	}
	return unknown
}

// program judges the commands test and [, true and false. Assignments succeed, and are carried out.
func (r *profileRun) program(c *syntax.CallExpr) truth {
	if len(c.Args) == 0 {
		_ = r.call(c)
		return yes
	}
	name, _ := r.expand(c.Args[0])
	switch name {
	case "true", ":":
		return yes
	case "false":
		return no
	case "test", "[":
		return r.test(c.Args[1:], name == "[")
	}
	_ = r.call(c)
	return unknown
}

// test judges the operands of test(1).
func (r *profileRun) test(args []*syntax.Word, bracket bool) truth {
	var words []string
	for _, a := range args {
		w, known := r.expand(a)
		if !known {
			return unknown
		}
		words = append(words, w)
	}
	if n := len(words); bracket {
		if n == 0 || words[n-1] != "]" {
			return unknown
		}
		words = words[:n-1]
	}
	if len(words) > 1 && words[0] == "!" {
		return r.primary(words[1:]).not()
	}
	return r.primary(words)
}

func (r *profileRun) primary(words []string) truth {
	switch len(words) {
	case 1:
		return truthOf(words[0] != "")
	case 2:
		return r.unary(words[0], words[1])
	case 3:
		return binary(words[0], words[1], words[2])
	}
	return unknown
}

func (r *profileRun) unary(op, x string) truth {
	switch op {
	case "-n":
		return truthOf(x != "")
	case "-z":
		return truthOf(x == "")
	case "-e", "-a":
		return truthOf(exists(r.h, x))
	case "-d":
		return truthOf(isFolder(r.h.Stat(x)))
	case "-f", "-r", "-s": // who may read a file of a user cannot be told for him; his own he can
		fi, err := r.h.Stat(x)
		return truthOf(err == nil && (op != "-f" || fi.Mode().IsRegular()) && (op != "-s" || fi.Size() > 0))
	case "-x":
		fi, err := r.h.Stat(x)
		return truthOf(err == nil && fi.Mode()&0o111 != 0)
	}
	return unknown
}

func binary(x, op, y string) truth {
	switch op {
	case "=", "==", "-eq":
		return truthOf(x == y)
	case "!=", "-ne":
		return truthOf(x != y)
	}
	return unknown
}

// expression judges what stands in [[ ]].
func (r *profileRun) expression(x syntax.TestExpr) truth {
	switch x := x.(type) {
	case *syntax.Word:
		w, known := r.expand(x)
		if !known {
			return unknown
		}
		return truthOf(w != "")
	case *syntax.ParenTest:
		return r.expression(x.X)
	case *syntax.UnaryTest:
		if x.Op == syntax.TsNot {
			return r.expression(x.X).not()
		}
		return r.operand(x.X, func(w string) truth { return r.unary(x.Op.String(), w) })
	case *syntax.BinaryTest:
		switch x.Op { //nolint:exhaustive // the others are below, or not judged
		case syntax.AndTest:
			return and(r.expression(x.X), r.expression(x.Y))
		case syntax.OrTest:
			return and(r.expression(x.X).not(), r.expression(x.Y).not()).not()
		case syntax.TsMatch, syntax.TsMatchShort, syntax.TsNoMatch:
			return r.compare(x)
		}
	}
	return unknown
}

// compare judges ==, = and != in [[ ]], whose right side is a pattern.
func (r *profileRun) compare(x *syntax.BinaryTest) truth {
	right, ok := x.Y.(*syntax.Word)
	if !ok {
		return unknown
	}
	t := r.operand(x.X, func(w string) truth { return r.matches(w, []*syntax.Word{right}) })
	if x.Op == syntax.TsNoMatch {
		return t.not()
	}
	return t
}

// operand expands x and hands it to judge; what is no known word is unknown.
func (r *profileRun) operand(x syntax.TestExpr, judge func(string) truth) truth {
	w, ok := x.(*syntax.Word)
	if !ok {
		return unknown
	}
	text, known := r.expand(w)
	if !known {
		return unknown
	}
	return judge(text)
}
