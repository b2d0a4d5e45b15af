package installer

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// call follows a simple command.
func (r *profileRun) call(c *syntax.CallExpr) flow {
	if len(c.Args) == 0 {
		for _, a := range c.Assigns {
			r.assign(a)
		}
		return goesOn
	}
	name, known := r.expand(c.Args[0])
	if !known {
		return goesOn // some program
	}
	switch name {
	case ".", "source":
		return r.source(c)
	case "return", "exit":
		switch {
		case r.maybe > 0: // what follows is possible all the same
		case name == "exit":
			return exits
		default:
			return returns
		}
	case "eval":
		if text := printed(c); !strings.Contains(text, "dircolors") && !strings.Contains(text, "lesspipe") {
			r.note("%s: what eval runs is not followed", r.at(c))
		}
	default:
		if where, ok := r.bodies[name]; ok {
			r.note("%s: the function of %s, which changes PATH, is not followed", r.at(c), where)
		}
	}
	return goesOn
}

func (r *profileRun) source(c *syntax.CallExpr) flow {
	if len(c.Args) < 2 {
		return goesOn
	}
	file, known := r.expand(c.Args[1])
	if !known || !path.IsAbs(file) {
		r.note("%s: the file that it reads is not known", r.at(c))
		return goesOn
	}
	return r.read(file)
}

// declare remembers a function that touches PATH: what it does depends on who calls it.
func (r *profileRun) declare(f *syntax.FuncDecl) {
	if f.Name == nil || !strings.Contains(printed(f), "PATH") {
		return
	}
	if r.bodies == nil {
		r.bodies = map[string]string{}
	}
	r.bodies[f.Name.Value] = r.at(f)
}

// assign follows NAME=value, NAME+=value, and of zsh path=(folder ...) and path+=(folder ...).
func (r *profileRun) assign(a *syntax.Assign) {
	switch {
	case a.Name == nil || a.Naked || a.Index != nil:
		return
	case a.Array != nil && r.zsh && a.Name.Value == "path":
		r.assignArray(a)
		return
	case a.Array != nil:
		r.set(a.Name.Value, "", false)
		return
	}
	value, known := r.expand(a.Value)
	if a.Append {
		before, was := r.lookup(a.Name.Value)
		value, known = before+value, known && was
	}
	if a.Name.Value != "PATH" {
		r.set(a.Name.Value, value, known)
		if a.Name.Value == "GOROOT" && value != "" {
			r.note("%s sets GOROOT, with which go uses the files of that tree: remove it", r.at(a))
		}
		return
	}
	r.setPath(value, a)
}

func (r *profileRun) assignArray(a *syntax.Assign) {
	var dirs []string
	for _, e := range a.Array.Elems {
		dir, _ := r.expand(e.Value) // $path is PATH in the eyes of expand
		dirs = append(dirs, dir)
	}
	text := strings.Join(dirs, ":")
	if a.Append {
		text = r.path.String() + ":" + text
	}
	r.setPath(text, a)
}

// setPath gives PATH the value of a, in which folders may be unknown. Those that come from $PATH stay whose they were.
func (r *profileRun) setPath(text string, a *syntax.Assign) {
	if len(text) > valueBytes {
		text = unknownText
	}
	var before searchPath
	if a.Append || strings.Contains(printed(a), "$") {
		before = r.path
	}
	origin := r.at(a)
	next := before.becoming(text, origin)
	if r.maybe > 0 {
		r.doubts = append(r.doubts, doubt{origin, next})
		return
	}
	r.path = next
}

// set gives a variable a value. One that may have another is unknown from then on.
func (r *profileRun) set(name, value string, known bool) {
	if known && r.maybe == 0 && len(value) <= valueBytes {
		r.vars[name] = value
		return
	}
	delete(r.vars, name)
}

// lookup returns what is known of a variable.
func (r *profileRun) lookup(name string) (value string, known bool) {
	if name == "PATH" || r.zsh && name == "path" {
		text := r.path.String()
		return text, !strings.Contains(text, unknownText)
	}
	value, known = r.vars[name]
	if !known {
		return unknownText, false
	}
	return value, true
}
