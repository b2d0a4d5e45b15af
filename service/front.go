package service

import (
	"context"
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
	for i, name := range s.Sockets() {
		u, err := m.Unit(ctx, name)
		if err != nil {
			return nil, err
		}
		if i == 0 || u.Load != "not-found" { // or NAME.socket has its address, as tcptune did it before
			f = append(f, u)
		}
	}
	return f, nil
}

// open are those that listen.
func (f front) open() (units front) {
	for _, u := range f {
		if u.Active == plan.Active {
			units = append(units, u)
		}
	}
	return units
}

// shut are those that do not.
func (f front) shut() (names []string) {
	for _, u := range f {
		if u.Active != plan.Active {
			names = append(names, u.Name)
		}
	}
	return names
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
	var shut []string
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
			shut = append(shut, u.Target)
		}
	}
	if shut == nil {
		return ""
	}
	return opens(shut, open, service)
}

// opens is the command that opens sockets of a service. systemd opens none whose service runs, but for the service, which
// wants all that its unit names; others are those that are open.
func opens(sockets []string, others bool, service host.Unit) string {
	switch {
	case up(service) && others:
		return "sudo tcptune service restart " + strings.TrimSuffix(service.Name, ".service")
	case up(service):
		return "sudo systemctl stop " + service.Name + "; sudo systemctl start " + strings.Join(sockets, " ") + " " + service.Name
	}
	return "sudo systemctl start " + strings.Join(sockets, " ")
}
