package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// event is one line of go test -json, see "go doc test2json" and "go help buildjson".
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build events
	FailedBuild string // the ImportPath whose build failed, on the "fail" of a package
	Test        string
	Elapsed     float64 // seconds
	Output      string
	Key, Value  string // of "attr", see testing.T.Attr
}

// test is one test, subtest, fuzz target or example.
type test struct {
	pkg, name string
	result    string // "pass", "fail", "skip"; "" while it runs
	took      time.Duration
	children  bool
	output    strings.Builder
}

// pack is one package. Its output is what belongs to none of its tests: a panic, a data race, a failing TestMain.
type pack struct {
	name   string
	failed bool
	build  string // the import path whose build failed
	output strings.Builder
	tests  []*test
}

// record is everything that has been said so far, in the order in which it was said.
type record struct {
	packs  map[string]*pack
	order  []*pack
	tests  map[[2]string]*test
	builds map[string]*strings.Builder
	counts []string // what tests say of themselves: t.Attr("count", "1,000 trees …")
}

func newRecord() *record {
	return &record{packs: map[string]*pack{}, tests: map[[2]string]*test{}, builds: map[string]*strings.Builder{}}
}

// read takes in all events of in. Lines that are no events (a note of the go command) are passed on to out.
func (r *record) read(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if strings.TrimSpace(line) != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
				r.add(e, out)
			} else {
				fmt.Fprintln(out, strings.TrimRight(line, "\n"))
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *record) add(e event, out io.Writer) {
	if e.Package == "" { // the compiler's
		if r.builds[e.ImportPath] == nil {
			r.builds[e.ImportPath] = &strings.Builder{}
		}
		r.builds[e.ImportPath].WriteString(e.Output)
		return
	}
	p := r.pack(e.Package)
	if e.Test != "" {
		t := r.test(p, e.Test)
		t.output.WriteString(e.Output)
		switch e.Action {
		case "attr":
			if e.Key == "count" {
				r.counts = append(r.counts, e.Test+": "+e.Value)
			}
		case "pass", "fail", "skip":
			t.result, t.took = e.Action, seconds(e.Elapsed)
		}
		return
	}
	p.output.WriteString(e.Output)
	switch e.Action {
	case "fail":
		p.failed, p.build = true, e.FailedBuild
		fallthrough
	case "pass":
		fmt.Fprintf(out, "%s %s %s\n", e.Action, p.name, seconds(e.Elapsed))
	}
}

func seconds(n float64) time.Duration {
	return time.Duration(n * float64(time.Second)).Round(10 * time.Millisecond)
}

func (r *record) pack(name string) *pack {
	if r.packs[name] == nil {
		r.packs[name] = &pack{name: name}
		r.order = append(r.order, r.packs[name])
	}
	return r.packs[name]
}

func (r *record) test(p *pack, name string) *test {
	key := [2]string{p.name, name}
	if r.tests[key] == nil {
		r.tests[key] = &test{pkg: p.name, name: name}
		p.tests = append(p.tests, r.tests[key])
		if parent := r.parent(p, name); parent != nil {
			parent.children = true
		}
	}
	return r.tests[key]
}

// parent is the test that name is a subtest of. The name of a subtest may hold slashes of its own, so it is the nearest
// one that has run.
func (r *record) parent(p *pack, name string) *test {
	for i := strings.LastIndexByte(name, '/'); i > 0; i = strings.LastIndexByte(name[:i], '/') {
		if t := r.tests[[2]string{p.name, name[:i]}]; t != nil {
			return t
		}
	}
	return nil
}
