package service

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// front are the socket units for clients as systemd knows them.
type front []host.Unit

// unitAsker is systemd, asked for units.
type unitAsker interface {
	Unit(ctx context.Context, name string) (host.Unit, error)
}

func (s Spec) front(ctx context.Context, m unitAsker) (f front, err error) {
	for i, unit := range s.listenUnits() {
		u, err := m.Unit(ctx, s.Name+unit.suffix)
		if err != nil {
			return nil, err
		}
		if i > 0 && u.Load == "not-found" && f[:1].has(s.streams(unit.listen)) { // as tcptune did it before
			continue
		}
		f = append(f, u)
	}
	return f, nil
}

// has reports whether they listen where lines of another unit say.
func (f front) has(lines []string) bool {
	return !slices.ContainsFunc(lines, func(line string) bool {
		_, address, _ := strings.Cut(strings.ReplaceAll(line, "%%", "%"), "=")
		address = zoneless(canonical(address))
		only4 := strings.Replace(address, "[::]", "0.0.0.0", 1) // as it is where IPv6 is off
		return !slices.ContainsFunc(f.listen(), func(l host.Listen) bool {
			return zoneless(l.Address) == address || l.Address == only4
		})
	})
}

// gone reports whether the file of one of them is.
func (f front) gone() bool {
	return f.which(func(u host.Unit) bool { return u.Load == "not-found" }) != nil
}

// open are those that listen.
func (f front) open() front {
	return f.which(func(u host.Unit) bool { return u.Active == plan.Active })
}

// shut are those that do not.
func (f front) shut() front {
	return f.which(func(u host.Unit) bool { return u.Active != plan.Active })
}

// which are those of which it is true, nil for none.
func (f front) which(is func(host.Unit) bool) (units front) {
	for _, u := range f {
		if is(u) {
			units = append(units, u)
		}
	}
	return units
}

func (f front) names() (all []string) {
	for _, u := range f {
		all = append(all, u.Name)
	}
	return all
}

// listen is where they listen, or would.
func (f front) listen() (all []host.Listen) {
	for _, u := range f {
		all = append(all, u.Listen...)
	}
	return all
}

// Opens is the command that opens the sockets of a service that are not open, "" where all are.
func Opens(s report.Service) string {
	var shut front
	open := false
	service := host.Unit{Name: s.Target + ".service"}
	for _, u := range s.Units {
		switch {
		case u.Target == service.Name:
			service.Active = u.Active
		case !strings.HasSuffix(u.Target, socketSuffix) || u.Target == s.Target+adminSuffix:
		case u.Active == plan.Active:
			open = true
		default:
			shut = append(shut, host.Unit{Name: u.Target, Active: u.Active, File: u.File})
		}
	}
	if shut == nil {
		return ""
	}
	return opens(shut, open, service)
}

// opens is the command that opens sockets of a service. systemd opens none whose service runs, but for the service,
// which wants all that its unit names; others are those that are open. What has no file of its own any more has to
// get it back.
func opens(sockets front, others bool, service host.Unit) string {
	masked := sockets.which(func(u host.Unit) bool { return u.Load == "masked" || strings.HasPrefix(u.File, "masked") })
	names := strings.Join(sockets.names(), " ")
	switch {
	case masked != nil:
		return unmask(masked.names()...)
	case sockets.gone():
		return again
	case up(service) && others:
		return "sudo tcptune service restart " + strings.TrimSuffix(service.Name, ".service")
	case up(service):
		return "sudo systemctl stop " + service.Name + "; sudo systemctl start " + names + " " + service.Name
	}
	return "sudo systemctl start " + names
}

// reopens is the command that closes sockets of a service and opens them as their units say. systemd opens none whose
// service runs, and that one keeps open what it has.
func reopens(service host.Unit, sockets ...host.Unit) string {
	names := strings.Join(front(sockets).names(), " ")
	if !up(service) {
		return "sudo systemctl restart " + names
	}
	return fmt.Sprintf("sudo systemctl stop %s %s; sudo systemctl start %[2]s %[1]s", service.Name, names)
}
