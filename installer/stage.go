package installer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// Stage gets the release r ready for the plan of [Site.Install]: fetched, verified, unpacked beside its place, tried
// out and written to the disk. The caller holds the session of the host. On error nothing is left. On an image the new
// Go is not tried out.
func (s Site) Stage(ctx context.Context, c fetch.Config, r fetch.Resolved,
	progress func(fetch.Progress),
) (o fetch.Origin, err error) {
	at := plan.Staged(TreePath(r.Version))
	defer func() {
		if err != nil {
			err = errors.Join(err, Sweep(s.h))
		}
	}()
	if err := s.h.MkdirAll(Versions); err != nil {
		return o, fmt.Errorf("cannot make room for Go %s: %w", r.Version, err)
	}
	folder, err := s.h.OSPath(Versions)
	if err != nil {
		return o, err
	}
	if s.h.Live() {
		c.Beside = trialBytes
	}
	if o, err = c.Fetch(ctx, r, s.arch, path.Join(folder, path.Base(at)), progress); err != nil {
		return o, err
	}
	if made := releaseTime(s.h, at); made != undated {
		o.Made = time.Unix(made, 0)
	}
	if err := try(ctx, s.h, at, r.Version); err != nil {
		return o, err
	}
	if err := seal(s.h, at, record{value: s.freshValue(r.Version), origin: o}); err != nil {
		return o, err
	}
	return o, s.h.SyncFS(at)
}

// Sweep removes what a run that was killed may have left of trees, and the folders above them when they are empty. The
// caller holds the session of the host.
func Sweep(h host.Host) error {
	for _, dir := range []string{Versions, toolsFolder, path.Dir(Versions)} {
		names, err := h.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		left := 0
		for _, name := range names {
			if !plan.IsTreeLeftover(name) || dir == path.Dir(Versions) {
				if !plan.IsTreeTakenAway(h, path.Join(dir, name)) {
					left++
				}
				continue
			}
			if err := plan.SweepTree(h, dir, name); err != nil {
				return fmt.Errorf("cannot remove what an interrupted run has left: %w", err)
			}
		}
		// What leads elsewhere, or is a volume, somebody else has put there: it stays.
		at, err := h.Place(dir)
		if fi, e := h.Lstat(dir); left > 0 || err == nil && at.Mount || e != nil || !fi.IsDir() {
			continue
		}
		if err := h.Remove(dir); err != nil {
			return fmt.Errorf("cannot remove the empty folder %s: %w", dir, err)
		}
	}
	return nil
}
