package service

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// Reloads reports whether changes have a running service read its limits again.
func Reloads(changes []plan.Change) bool {
	for _, c := range changes {
		if c.Writes() && c.Kind == report.Unit && c.After != nil && *c.After == plan.Reloaded {
			return true
		}
	}
	return false
}

// ReadBack asks the process of s which limits hold, after a reload: a reload that systemd calls done may have been
// refused by the server. note says what is not as asked for and why, or what cannot be known.
func ReadBack(ctx context.Context, h host.Host, s Spec) (note string, err error) {
	service, err := h.SystemManager().Unit(ctx, s.Name+".service")
	if err != nil {
		return "", err
	}
	if why, refused := strings.CutPrefix(service.Status, "cannot reload, "); refused {
		return "", fmt.Errorf("cannot reload %s: %s", s.Name, why)
	}
	admin, err := h.SystemManager().Unit(ctx, s.Name+adminSuffix)
	if err != nil {
		return "", err
	}
	if admin.Active != plan.Active {
		return fmt.Sprintf("which limits hold is not known: %s is %s", admin.Name, admin.Active), nil
	}
	now, err := counters(ctx, s.Admin)
	switch {
	case err != nil:
		return "which limits hold is not known: " + err.Error(), nil
	case now.Limits == nil:
		return "which limits hold is not known: the server that runs does not say", nil
	}
	if held, known := now.Limits["backlog"]; known && held != strconv.Itoa(s.Backlog) {
		return "", fmt.Errorf("cannot reload %s: its backlog is %s after that, and not %d", s.Name, held, s.Backlog)
	}
	var lowered []string
	for _, l := range s.Limits {
		held := now.Limits[l.Name]
		switch {
		case sameLimit(l.Value, held):
		case l.Name == "max-conns" || l.Name == "queue":
			lowered = append(lowered, fmt.Sprintf("%s is %s and not %s", l.Name, held, l.Value))
		default:
			return "", fmt.Errorf("cannot reload %s: its %s is %q after that, and not %s", s.Name, l.Name, held, l.Value)
		}
	}
	if lowered != nil {
		note = strings.Join(lowered, ", ") + " in the process that runs: the limit of open files, or a drop-in, lets in no more"
	}
	return note, nil
}

// sameLimit compares two ways to write a limit: "60s" and "1m0s", "1000/s" and "1000".
func sameLimit(a, b string) bool {
	x, errX := time.ParseDuration(a)
	y, errY := time.ParseDuration(b)
	if errX == nil && errY == nil {
		return x == y
	}
	return strings.TrimSuffix(a, "/s") == strings.TrimSuffix(b, "/s")
}
