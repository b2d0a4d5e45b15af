package whowins

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// confReader reads configuration files, each once, and collects what is wrong with them.
type confReader struct {
	Reader
	files    map[string]confFile
	problems []Problem
	reported map[Problem]bool
	wrong    map[string]int // problems of each file
	read     int64          // bytes so far
}

// manyProblems is how many problems of one file are named: nobody reads more of a file that was never meant for sysctl,
// and there may be millions.
const manyProblems = 100

// confFile is a file as read. Whatever cannot be read, as a folder or a link to nowhere, has no data.
type confFile struct {
	data   []byte
	target string // the text of the link that it is, or ""
	gone   bool   // it is a link to nowhere
}

func newConfReader(r Reader) *confReader {
	return &confReader{Reader: r, files: map[string]confFile{}, reported: map[Problem]bool{}, wrong: map[string]int{}}
}

func (c *confReader) report(o Origin, text string) { c.add(Problem{Origin: o, Text: text}) }

// unread reports a file or a folder that cannot be read.
func (c *confReader) unread(p, what string, err error) {
	hidden := errors.Is(err, fs.ErrPermission) || errors.Is(err, host.ErrTooLong)
	c.add(Problem{Origin: Origin{File: p}, Text: what + ": " + host.Cause(err).Error(), Unread: hidden})
}

func (c *confReader) add(p Problem) {
	file := p.Origin.File
	if c.reported[p] || c.wrong[file] > manyProblems {
		return
	}
	if c.wrong[file]++; c.wrong[file] > manyProblems {
		text := fmt.Sprintf("more than %d lines are wrong, only the first of them are named", manyProblems)
		p = Problem{Origin: Origin{File: file}, Text: text}
	}
	c.reported[p] = true
	c.problems = append(c.problems, p)
}

// dir lists a folder of configuration files. A missing folder is an empty one.
func (c *confReader) dir(p string) []string {
	names, err := c.ReadDir(p)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.unread(p, "cannot read the folder", err)
	}
	return names
}

// open reads the file at p. It reports links to nowhere and files that cannot be read, but not a missing one.
func (c *confReader) open(p string) confFile {
	if f, seen := c.files[p]; seen {
		return f
	}
	var f confFile
	f.target, _ = c.Readlink(p)
	data, err := c.readOne(p)
	switch {
	case err == nil:
		f.data = data
		c.read += int64(len(data))
	case f.target == "/dev/null":
		// A mask, also in an image, which has no devices.
	case errors.Is(err, fs.ErrNotExist):
		f.gone = f.target != ""
		if f.gone {
			c.report(Origin{File: p}, "the link leads nowhere: "+f.target)
		}
	default:
		switch info, statErr := c.Stat(p); {
		case statErr == nil && info.Mode()&fs.ModeCharDevice != 0:
		case statErr == nil && info.Mode()&fs.ModeNamedPipe != 0:
			// It reads all files before it sets the first value.
			const text = "a named pipe: systemd-sysctl waits at boot for whoever writes to it, " +
				"until systemd ends it, and sets nothing"
			c.add(Problem{Origin: Origin{File: p}, Text: text, Unread: true})
		default:
			f.gone = statErr != nil
			c.unread(p, "cannot read", err)
		}
	}
	c.files[p] = f
	return f
}

// readOne reads a file while all of them together are no longer than they can be.
func (c *confReader) readOne(p string) ([]byte, error) {
	if c.read <= together().Bytes {
		return c.ReadFile(p)
	}
	if _, err := c.Stat(p); err != nil {
		return nil, err
	}
	return nil, together().Exceeded()
}

func (c *confReader) origin(p string) Origin { return Origin{File: p, Target: c.open(p).target} }

// merged returns the files with the suffix .conf of the folders, in the order in which a tool reads them.
// The folders are given from the highest to the lowest.
func (c *confReader) merged(dirs []string, ru rules) []string {
	if !ru.etcFirst {
		dirs = slices.Clone(dirs)
		slices.Reverse(dirs)
	}
	seen := map[string]bool{}
	var files []string
	for _, dir := range dirs {
		for _, name := range c.dir(dir) {
			if ru.confSuffix && !strings.HasSuffix(name, ".conf") || !ru.dotFiles && strings.HasPrefix(name, ".") {
				continue
			}
			p := dir + "/" + name
			if ru.maskByName && seen[name] || !c.hides(p, ru) {
				continue
			}
			seen[name] = true
			files = append(files, p)
		}
	}
	if ru.sortByName {
		slices.SortStableFunc(files, func(a, b string) int { return strings.Compare(path.Base(a), path.Base(b)) })
	}
	return files
}

// hides reports whether the name p counts at all: then it hides the same name in lower folders, even if it says
// nothing.
func (c *confReader) hides(p string, ru rules) bool {
	if ru.emptyMasks && ru.danglingHide && ru.loopsHide {
		return true
	}
	f := c.open(p)
	switch {
	case !f.gone:
		return ru.emptyMasks || len(f.data) > 0
	case !ru.danglingHide:
		return false
	}
	return ru.loopsHide || c.followable(p)
}

// followable reports whether a link to nowhere can be followed up to what is missing, as chase() of systemd sees it:
// not in a circle, not through a file, and without a ".." behind the missing folder.
func (c *confReader) followable(p string) bool {
	for range 32 { // CHASE_MAX in src/basic/chase.c
		target, err := c.Readlink(p)
		if err != nil {
			return true
		}
		at := path.Dir(p)
		if path.IsAbs(target) {
			at = "/"
		}
		parts := strings.Split(strings.Trim(target, "/"), "/")
		for i, part := range parts[:len(parts)-1] {
			at = path.Join(at, part)
			info, err := c.Stat(at)
			if errors.Is(err, fs.ErrNotExist) {
				return !slices.Contains(parts[i:], "..")
			}
			if err != nil || !info.IsDir() {
				return false
			}
		}
		p = path.Join(at, parts[len(parts)-1])
	}
	return false
}

// expand returns the files that procps opens for the name p: it hands each name to glob(3) again, with GLOB_NOCHECK and
// GLOB_BRACE, so that a file named "50-[ab].conf" makes it read 50-a.conf and 50-b.conf of the same folder.
func (c *confReader) expand(p string) []string {
	if !strings.ContainsAny(p, globChars+`{\`) {
		return []string{p}
	}
	dir, base := path.Split(p)
	var found []string
	for _, pattern := range braces(base) {
		for _, name := range c.dir(path.Clean(dir)) {
			if matchName(pattern, name) {
				found = append(found, dir+name)
			}
		}
	}
	if len(found) == 0 {
		return []string{p}
	}
	return found
}
