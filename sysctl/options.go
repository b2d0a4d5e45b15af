package sysctl

import (
	"cmp"
	"fmt"
	"os"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// Options say which tuning is wanted. They stand in a saved plan and in the journal, so that status compares the host
// with what was last applied.
type Options struct {
	Profile   string        `json:"profile"`
	Bandwidth int64         `json:"bandwidth,omitempty"` // bit/s; 0: what the profile is written for
	RTT       time.Duration `json:"rtt,omitempty"`       // 0: what the profile is written for
	Flows     int           `json:"flows,omitempty"`     // connections at the same time; 0: not held against memory
	LiveQdisc bool          `json:"live_qdisc,omitempty"`
}

// CodeNotSized is the code of the error about a path that is given for a profile whose values do not depend on one.
const CodeNotSized = "not-sized"

// DefaultProfile is applied where neither the operator nor a file names one.
const DefaultProfile = "server"

// LoadProfile loads the profile of o, with the values that depend on the path and on the memory of h computed.
// The warnings are those of the computation.
func (o Options) LoadProfile(h host.Host, cat *catalogue.Catalogue) (profile.Profile, []string, error) {
	p, err := profile.Load(h, cat, cmp.Or(o.Profile, DefaultProfile))
	if err != nil {
		return profile.Profile{}, nil, err
	}
	return o.Size(h, cat, p)
}

// Size is p with the values that depend on the path and on the memory of h computed.
func (o Options) Size(
	h host.Host, cat *catalogue.Catalogue, p profile.Profile,
) (profile.Profile, []string, error) {
	if !p.Computed() {
		if o.Bandwidth != 0 || o.RTT != 0 || o.Flows != 0 {
			return profile.Profile{}, nil, &report.Error{Code: CodeNotSized, Message: fmt.Sprintf(
				"cannot size profile %s: its values do not depend on bandwidth and round-trip time, those of wan do", p.Name)}
		}
		return p, nil, nil
	}
	path, err := o.Path(h)
	if err != nil {
		return profile.Profile{}, nil, err
	}
	path.BitsPerSecond = cmp.Or(path.BitsPerSecond, p.Bandwidth)
	path.RTT = cmp.Or(path.RTT, p.RTT)
	if path.BitsPerSecond == 0 || path.RTT == 0 {
		return profile.Profile{}, nil, fmt.Errorf(
			"cannot size profile %s: it names no path, so it needs --bandwidth and --rtt",
			p.Name,
		)
	}
	for _, k := range p.Keys {
		if k.Key == congestionKey {
			path.Congestion = k.Value
		}
	}
	size, err := profile.Size(cat, path)
	if err != nil {
		return profile.Profile{}, nil, err
	}
	return p.Resolve(size), size.Warnings, nil
}

const congestionKey = "net.ipv4.tcp_congestion_control"

// Path is the network path of o as seen from h: what its kernel and memory allow. Of an image nothing is known.
func (o Options) Path(h host.Host) (profile.Path, error) {
	p := profile.Path{BitsPerSecond: o.Bandwidth, RTT: o.RTT, Flows: o.Flows}
	if !h.Live() {
		return p, nil
	}
	memory, err := h.MemTotal()
	if err != nil {
		return p, err
	}
	p.MemoryBytes = int64(memory)
	release, err := h.KernelRelease()
	if err != nil {
		return p, err
	}
	if p.Kernel, err = host.ParseKernelVersion(release); err != nil {
		return p, err
	}
	p.PageSize = int64(os.Getpagesize())
	if mem, err := h.ReadKnob("net.ipv4.tcp_mem"); err == nil {
		_, _ = fmt.Sscan(mem, new(int64), new(int64), &p.TCPMemPages)
	}
	if cc, err := h.ReadKnob(congestionKey); err == nil {
		p.Congestion = cc
	}
	return p, nil
}
