package installer

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// readOnly is the code of an [report.Error] about a file system that takes no writes.
const readOnly = "read-only"

// byCopy is said of a change that may have to copy what it cannot rename.
const byCopy = "; in an overlay, as of a container or an image in layers, it is copied where it cannot be renamed"

// obstacle is an error when the host will not let a change of p happen, which is known before anything is fetched.
func (s Site) obstacle(p plan.Plan) error {
	for i := range p.Changes {
		c := &p.Changes[i]
		if !c.Writes() {
			continue
		}
		if c.After != nil {
			if err := s.danglingAbove(c.Target); err != nil {
				return err
			}
		}
		at, err := s.h.Place(c.Target)
		moves := c.Before != nil && (c.Kind == report.Tree || c.Kind == report.Switch && *c.Before == plan.FolderInPlace)
		switch {
		case err != nil:
			return err
		case at.ReadOnly:
			return fetch.Fail(readOnly, "", "cannot change %s: its file system is read-only", c.Target)
		case moves && at.Mount:
			e := inTheWay(c.Target, "something is mounted there, which can be neither moved nor removed")
			e.Hint = "unmount it: sudo umount " + c.Target
			return e
		case moves && at.Overlay && c.After != nil:
			c.Why += byCopy
			if err := s.roomForCopy(c.Target); err != nil {
				return err
			}
		}
	}
	return nil
}

// danglingAbove is an error when a folder above p is a link that leads nowhere: no folder can be made in its place.
func (s Site) danglingAbove(p string) error {
	for dir := path.Dir(p); ; dir = path.Dir(dir) {
		if _, err := s.h.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			return nil // what else is wrong with it, who makes something there says
		}
		if text, err := s.h.Readlink(dir); err == nil {
			return fetch.Fail(foreignFile, "make the folder that it leads to, or remove it: sudo rm "+dir,
				"cannot use %s: it is a link that leads nowhere, to %s", dir, text)
		}
	}
}

// roomForCopy is an error when there is no room for a copy of the folder at p beside it.
func (s Site) roomForCopy(p string) error {
	var need int64
	for waiting := []string{p}; len(waiting) > 0; {
		dir := waiting[0]
		waiting = waiting[1:]
		entries, err := s.h.Entries(dir)
		if err != nil {
			return fmt.Errorf("cannot tell how large %s is: %w", p, err)
		}
		for _, e := range entries {
			need += fetch.OnDisk(e.Size)
			if e.Mode.IsDir() {
				waiting = append(waiting, path.Join(dir, e.Name))
			}
		}
	}
	folder, err := s.h.OSPath(path.Dir(p))
	if err != nil {
		return err
	}
	return fetch.RequireSpace(folder, need)
}
