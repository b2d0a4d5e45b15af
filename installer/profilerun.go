package installer

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/tcptune/tcptune/internal/host"
)

// profileRun follows the start-up files of a shell, without a shell, as far as they decide PATH. What it cannot judge it
// does not guess: a branch whose condition is unknown changes nothing, but is a doubt.
type profileRun struct {
	h     host.Host
	zsh   bool
	vars  map[string]string // what is known; [unset] for a variable that is known to be none
	path  searchPath
	maybe int // how many unknown conditions we are in

	doubts []doubt
	notes  []string          // what was not followed
	bodies map[string]string // the functions that touch PATH, and where they are
	steps  int
	depth  int
	file   string
}

// doubt is a PATH that a shell may have instead.
type doubt struct {
	origin string
	path   searchPath
}

// Files of users are read as root, and are no reason to work for ever.
const (
	profileBytes = 64 << 10
	profileSteps = 10_000 // statements
	profileDepth = 16     // files that read files
	valueBytes   = 4 << 10
)

// unset is the value of a variable that is known not to be set.
const unset = "\x00"

// flow is how a statement ends.
type flow int

const (
	goesOn flow = iota
	returns
	exits
)

// read follows a file that must not be there.
func (r *profileRun) read(p string) flow {
	text, err := r.h.ReadShort(p, profileBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return goesOn
	case err != nil:
		r.note("%s cannot be read", p)
		return goesOn
	case r.depth >= profileDepth:
		r.note("%s is not followed: files read each other", p)
		return goesOn
	}
	outer := r.file
	r.file, r.depth = p, r.depth+1
	defer func() { r.file, r.depth = outer, r.depth-1 }()
	list, broken := r.parse(string(text))
	if broken > 0 {
		r.note("%s is not understood from line %d on", p, broken)
	}
	end := r.all(list)
	if end == returns {
		return goesOn
	}
	return end
}

// parse returns the statements of a start-up file. broken is the line from which on it is not understood; 0 when all is,
// or when what follows has nothing to do with PATH.
func (r *profileRun) parse(text string) (list []*syntax.Stmt, broken uint) {
	lang := syntax.LangBash
	if r.zsh {
		lang = syntax.LangZsh
	}
	last := uint(0)
	for stmt, err := range syntax.NewParser(syntax.Variant(lang)).StmtsSeq(strings.NewReader(text)) {
		switch {
		case err != nil: // nothing follows; the sequence does not bear a break here
			broken = last + 1
		case broken == 0:
			list, last = append(list, stmt), stmt.End().Line()
		}
	}
	if broken == 0 {
		return list, 0
	}
	rest := text
	for range last {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	if !strings.Contains(rest, "PATH") && !strings.Contains(rest, "path") {
		broken = 0
	}
	return list, broken
}

func (r *profileRun) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); plain(text) && !slices.Contains(r.notes, text) {
		r.notes = append(r.notes, text)
	}
}

// at is where a node is, "/etc/profile:4".
func (r *profileRun) at(n syntax.Node) string { return fmt.Sprintf("%s:%d", r.file, n.Pos().Line()) }

func (r *profileRun) all(list []*syntax.Stmt) flow {
	for _, s := range list {
		if end := r.statement(s); end != goesOn {
			return end
		}
	}
	return goesOn
}

func (r *profileRun) statement(s *syntax.Stmt) flow {
	if r.steps++; r.steps > profileSteps {
		r.note("%s does too much to be followed", r.file)
		return exits
	}
	if s.Background {
		return goesOn
	}
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		return r.call(c)
	case *syntax.DeclClause:
		for _, a := range c.Args {
			r.assign(a)
		}
	case *syntax.Block:
		return r.all(c.Stmts)
	case *syntax.IfClause:
		return r.branch(c)
	case *syntax.CaseClause:
		return r.choose(c)
	case *syntax.ForClause:
		return r.loop(c)
	case *syntax.WhileClause:
		return r.perhaps(c.Do)
	case *syntax.BinaryCmd:
		return r.chain(c)
	case *syntax.FuncDecl:
		r.declare(c)
	}
	return goesOn // the others run in a process of their own, or change no variable
}

// perhaps follows what may run or not.
func (r *profileRun) perhaps(list []*syntax.Stmt) flow {
	r.maybe++
	defer func() { r.maybe-- }()
	_ = r.all(list) // a return that may happen leaves what follows possible
	return goesOn
}

func (r *profileRun) branch(c *syntax.IfClause) flow {
	for ; c != nil; c = c.Else {
		truth := yes
		if len(c.Cond) > 0 { // not so for else
			truth = r.truth(c.Cond)
		}
		switch truth {
		case yes:
			return r.all(c.Then)
		case unknown:
			for ; c != nil; c = c.Else {
				_ = r.perhaps(c.Then)
			}
			return goesOn
		}
	}
	return goesOn
}

func (r *profileRun) chain(c *syntax.BinaryCmd) flow {
	if c.Op != syntax.AndStmt && c.Op != syntax.OrStmt {
		return goesOn // each side of a pipe is a process of its own
	}
	switch truth := r.truth([]*syntax.Stmt{c.X}); {
	case truth == unknown:
		return r.perhaps([]*syntax.Stmt{c.Y})
	case truth == yes == (c.Op == syntax.AndStmt):
		return r.statement(c.Y)
	}
	return goesOn
}

func (r *profileRun) choose(c *syntax.CaseClause) flow {
	word, known := r.expand(c.Word)
	for _, item := range c.Items {
		truth := unknown
		if known {
			truth = r.matches(word, item.Patterns)
		}
		switch truth {
		case yes:
			return r.all(item.Stmts)
		case unknown:
			known = false // and so for all that follow
			_ = r.perhaps(item.Stmts)
		}
	}
	return goesOn
}

// loop follows "for name in words". Of patterns only one in the last part of a path is known, as of /etc/profile.d/*.sh.
func (r *profileRun) loop(c *syntax.ForClause) flow {
	words, ok := c.Loop.(*syntax.WordIter)
	if !ok {
		return r.perhaps(c.Do)
	}
	var values []string
	for _, item := range words.Items {
		list, known := r.list(item)
		if !known {
			return r.perhaps(c.Do)
		}
		values = append(values, list...)
	}
	for _, v := range values {
		r.set(words.Name.Value, v, true)
		if end := r.all(c.Do); end != goesOn {
			return end
		}
	}
	return goesOn
}

func (r *profileRun) list(w *syntax.Word) (values []string, known bool) {
	if isRunParts(w) { // /etc/profile of Debian 13
		return r.glob("/etc/profile.d/*.sh"), true
	}
	text, known := r.expand(w)
	if known && strings.ContainsAny(text, "*?[") {
		return r.glob(text), w.Lit() != ""
	}
	return []string{text}, known
}

func (r *profileRun) glob(pattern string) (list []string) {
	names, err := r.h.ReadDir(path.Dir(pattern))
	if err != nil {
		return nil
	}
	for _, name := range names {
		if ok, err := path.Match(path.Base(pattern), name); err == nil && ok && name[0] != '.' {
			list = append(list, path.Join(path.Dir(pattern), name))
		}
	}
	return list
}
