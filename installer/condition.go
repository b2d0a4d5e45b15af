package installer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"

	"golang.org/x/sys/unix"
)

// Condition is what a look at a toolchain has found.
type Condition struct {
	State string // "": whole; [StateDamaged]; [StateUnknown]
	Why   string // when it is not whole
}

// Whole reports whether nothing is wrong, and everything could be seen.
func (c Condition) Whole() bool { return c.State == "" }

func damaged(format string, args ...any) Condition {
	return Condition{StateDamaged, fmt.Sprintf(format, args...)}
}

func unknown(format string, args ...any) Condition {
	return Condition{StateUnknown, fmt.Sprintf(format, args...)}
}

// Look tells whether the tree of v is what was proven when it was installed, by its files, by what its VERSION says, and by
// what its program answers, which is not asked where the files are not as they were. Full reads every file.
func (s Site) Look(ctx context.Context, v fetch.Version, full bool) (c Condition) {
	at := TreePath(v)
	defer func() {
		s.h.Trail().Step("judges", slog.String("tree", at), slog.Bool("full", full), slog.String("state", c.State),
			slog.String("why", c.Why))
	}()
	switch fi, err := s.h.Lstat(at); {
	case errors.Is(err, fs.ErrNotExist):
		return damaged("its folder %s is gone", at)
	case err != nil:
		return unknown("%s cannot be looked at: %v", at, host.Cause(err))
	case !fi.IsDir():
		return damaged("%s is no folder any more", at)
	}
	r, err := readRecord(s.h, at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return damaged("the record of its installation, %s, is gone", path.Join(at, plan.TreeRecord))
	case err != nil:
		return unknown("the record of its installation cannot be read: %v", host.Cause(err))
	case !s.isTreeValue(r.value, v):
		return damaged("the record in its folder says %s", shown(r.value))
	}
	list, c := s.listOf(at, r)
	if !c.Whole() {
		return c
	}
	answer := make(chan Condition, 1)
	if d, err := compare(s.h, at, ofPrograms(list), full); err == nil && d.String() == "" {
		// The program is what it was: it answers while the rest is looked at.
		go func() { answer <- s.asked(ctx, at, v.String()) }()
	} else {
		answer <- Condition{}
	}
	d, err := compare(s.h, at, list, full)
	asked := <-answer
	switch said := d.String(); {
	case errors.Is(err, errNoList):
		return damaged("the list of its files, %s, is gone or damaged", path.Join(at, filesName))
	case err != nil:
		return unknown("not all of it can be read: %v", host.Cause(err))
	case said != "":
		return damaged("%s", said)
	}
	if said := selfNamed(s.h, at); said != v.String() {
		return damaged("its VERSION says %q", said)
	}
	return asked
}

// listOf reads the list of the files of the tree at at, whose record is r.
func (s Site) listOf(at string, r record) (list []part, c Condition) {
	list, err := readFiles(s.h, at)
	switch {
	case errors.Is(err, errNoList) && r.files == "":
		c = unknown("there is no list of what its files were when it was installed")
	case errors.Is(err, errNoList), errors.Is(err, fs.ErrNotExist):
		c = damaged("the list of its files, %s, is gone or damaged", path.Join(at, filesName))
	case err != nil:
		c = unknown("the list of its files cannot be read: %v", host.Cause(err))
	}
	return list, c
}

// asListed tells whether the files of the tree at at are what they were when it was sealed.
func (s Site) asListed(at string, full bool) Condition {
	r, err := readRecord(s.h, at)
	if err != nil {
		return unknown("the record of its installation cannot be read: %v", host.Cause(err))
	}
	list, c := s.listOf(at, r)
	if !c.Whole() {
		return c
	}
	d, err := compare(s.h, at, list, full)
	switch said := d.String(); {
	case err != nil:
		return unknown("not all of it can be read: %v", host.Cause(err))
	case said != "":
		return damaged("%s", said)
	}
	return c
}

// ofPrograms are the folders of list with the programs of Go.
func ofPrograms(list []part) []part {
	i := slices.IndexFunc(list, func(p part) bool { return p.path == "bin" })
	if i < 0 {
		return nil
	}
	return list[i : i+1]
}

// asked is the condition of the toolchain at goroot, which should be version, by what its program answers.
func (s Site) asked(ctx context.Context, goroot, version string) Condition {
	if !s.h.Live() {
		return Condition{}
	}
	said, err := askVersion(ctx, s.h, goroot)
	switch {
	case ctx.Err() != nil:
		return unknown("its program was not asked: interrupted")
	case err != nil:
		return damaged("its program does not run: %v", strings.TrimPrefix(err.Error(), "cannot run "))
	case said != version:
		return damaged("its program says %q", said)
	}
	return Condition{}
}

// isNoFolder reports whether err says that there is something else than a folder.
func isNoFolder(err error) bool { return errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) }
