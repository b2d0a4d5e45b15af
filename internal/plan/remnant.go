package plan

import (
	"crypto/sha256"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// Remnant is a thing on disk that stays when tcptune is removed from a host, with what somebody who has no tcptune
// needs to delete it later, and nothing else.
type Remnant struct {
	Ref
	// Proof tells whether it still is as tcptune left it: the SHA-256 of a file in hexadecimal, the text of a link. A
	// folder has none: it goes when it is empty.
	Proof string
	// Kept says why it must not be deleted; "" for what may be.
	Kept string
}

// Remnants lists what j owns on disk, last change first, so that a folder follows what was put into it. keep says why
// what source wanted has to stay, or "". Kept is moreover what was not absent before tcptune, and what is not below
// folders: a wrong record must not cost the host a file.
func (j Journal) Remnants(folders []string, keep func(source string) string) (list []Remnant) {
	for _, o := range slices.Backward(j.Owned) {
		r := Remnant{Ref: o.Ref()}
		switch o.Kind {
		case report.File:
			if o.Ours != nil {
				r.Proof = fmt.Sprintf("%x", sha256.Sum256([]byte(*o.Ours)))
			}
		case report.Link:
			if o.Ours != nil {
				r.Proof = string(*o.Ours)
			}
		case report.Folder:
		case report.Knob, report.Module, report.Qdisc, report.Unit:
			continue // not on disk
		default:
			r.Kept = "not removed with the package"
		}
		if r.Kept == "" {
			r.Kept = o.kept(folders, keep)
		}
		list = append(list, r)
	}
	return list
}

func (o Owned) kept(folders []string, keep func(source string) string) string {
	below := func(dir string) bool {
		return strings.HasPrefix(o.Target, dir+"/") || o.Kind == report.Folder && o.Target == dir
	}
	switch {
	case o.Ours == nil:
		return "it was there before tcptune, which has removed it"
	case o.Before != nil:
		return "it was there before tcptune, with another content"
	case !regexp.MustCompile(`^[A-Za-z0-9/@:_.+-]+$`).MatchString(o.Target) || path.Clean(o.Target) != o.Target,
		o.Kind == report.Link && strings.ContainsAny(string(*o.Ours), "\t\n"),
		!slices.ContainsFunc(folders, below):
		return "a purge deletes nothing there"
	}
	return keep(o.Source)
}
