package provision

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/portcheck"
)

// Ports asks for ports, and says how they are to be freed.
type Ports struct {
	portcheck.Query
	Order portcheck.Order
	Netns string // a network namespace, or "all"; "": our own
	Many  bool   // more than [MostPorts] ports or holders
}

// MostPorts is how many ports, or holders, are freed without Many.
const MostPorts = 16

// PortMode is what is to be stopped for a port.
type PortMode = portcheck.Mode

// The modes.
const (
	ByProcess   = portcheck.ByProcess
	ByContainer = portcheck.ByContainer
	ByUnit      = portcheck.ByUnit
)

// ParsePorts reads ports as a person types them: "8080", "9000-9010", "http", "udp/53", "127.0.0.1:8080".
func (p *Ports) ParsePorts(args []string, tcp, udp bool) error {
	services, err := portcheck.ReadServices(host.Host{})
	if err != nil {
		return err
	}
	var protocols []portcheck.Protocol
	if tcp {
		protocols = append(protocols, portcheck.TCP)
	}
	if udp {
		protocols = append(protocols, portcheck.UDP)
	}
	p.Ranges, p.At, err = portcheck.ParseRanges(args, protocols, services)
	return err
}

// PortSurvey is what is found at ports: sockets, and the processes that have them open.
type PortSurvey = portcheck.Survey

// PortHolder is a socket of a [PortSurvey].
type PortHolder = portcheck.Holder

// PortProcess is a process of a [PortSurvey].
type PortProcess = portcheck.Process

// Cgroup says what a process runs in.
type Cgroup = portcheck.Cgroup

// PortList is who holds the ports.
type PortList struct {
	Outcome
	Survey PortSurvey
	Free   bool // nobody holds them, and each was bound
}

// The states that can be expected of ports.
const (
	PortFree = "free"
	PortHeld = "held"
)

// PortView is the ports of one network namespace, or of several. It is to be closed.
type PortView struct {
	*portcheck.View
	host   host.Host
	target Target
}

// OpenPorts opens the network namespaces that netns names.
func (t Target) OpenPorts(netns string) (PortView, error) {
	h := host.Host{}.WithTrail(t.Trail)
	if netns != "" && !h.IsRoot() {
		return PortView{}, needsRoot("look into other network namespaces")
	}
	view, err := portcheck.Open(h, netns)
	return PortView{view, h, t}, err
}

// List says who holds the ports; expect, if it is not "", decides the exit code.
func (v PortView) List(ctx context.Context, p Ports, expect string) (out PortList, err error) {
	s, err := v.Observe(ctx, p.Query)
	if err != nil {
		return out, err
	}
	out = PortList{Outcome: outcome(s.Notes), Survey: s}
	out.Report.Holders = s.Report()
	why := v.Why(ctx, s)
	if expect != "" && !asExpected(s, expect) {
		out.Code = report.ExitDiffers
	}
	if expect == PortFree && out.Code == 0 {
		blocked := v.Blocked(ctx, s)
		for _, b := range blocked {
			if out.Code = report.ExitDiffers; b.Unproven {
				out.Code = report.ExitPartial
			}
			out.note(notFree(b) + hinted(b.Hint))
		}
		out.Free = len(blocked) == 0
	}
	out.note(why...)
	return out, nil
}

func notFree(v portcheck.Verdict) string {
	if v.Unproven {
		return fmt.Sprintf("%s: %s", v.Range, v.Reason)
	}
	return fmt.Sprintf("%s is not free: %s", v.Range, v.Reason)
}

// asExpected reports whether all ports are held, or none of them.
func asExpected(s portcheck.Survey, word string) bool {
	held := map[string]bool{}
	for _, h := range s.Holders {
		held[fmt.Sprintf("%s/%d", h.Protocol, h.Port())] = true
	}
	if word == PortFree {
		return len(held) == 0
	}
	size := 0
	for _, r := range s.Ranges {
		size += r.Size()
	}
	return len(held) == size
}

// waitPause is how often [PortView.Wait] and [PortView.Watch] look.
const (
	waitPause  = 50 * time.Millisecond
	watchPause = time.Second
)

// Wait waits until the ports are as expected, or the time is over, and lists them then.
func (v PortView) Wait(ctx context.Context, p Ports, expect string, timeout time.Duration) (out PortList, err error) {
	deadline := time.Now().Add(timeout)
	for {
		held, err := v.Held(p.Query)
		if err != nil {
			return out, err
		}
		s := portcheck.Survey{Query: p.Query}
		for _, socket := range held {
			s.Holders = append(s.Holders, portcheck.Holder{Socket: socket})
		}
		come := asExpected(s, expect) && (expect != PortFree || !slices.ContainsFunc(v.Blocked(ctx, s),
			func(b portcheck.Verdict) bool { return !b.Unproven })) // no time would prove that
		if come || !time.Now().Before(deadline) {
			return v.List(ctx, p, expect)
		}
		select {
		case <-ctx.Done():
			return out, errors.New("cannot wait any longer: interrupted")
		case <-time.After(waitPause):
		}
	}
}

// Watch shows the holders whenever they have changed, until ctx ends.
func (v PortView) Watch(ctx context.Context, p Ports, show func(PortSurvey)) error {
	last := ""
	for {
		s, err := v.Observe(ctx, p.Query)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if now := fmt.Sprint(s.Report()); now != last {
			last = now
			show(s)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchPause):
		}
	}
}

// LookCommand says why a command cannot be run.
func LookCommand(command []string) error {
	_, err := host.Host{}.LookCommand(command[0], os.Environ())
	return err
}

// RunCommand becomes the command: it returns only with an error.
func RunCommand(command []string) error { return host.Host{}.Exec(command, os.Environ()) }
