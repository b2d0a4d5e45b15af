package path

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// netem is a [Netem] path: two pairs of veth devices. Over the first one goes what is measured: netem loses packets and
// delays the others, and behind it a token bucket has the rate and the queue, in bytes, which that of netem is not. The
// second one has nothing but the delay, and what is sent over it says how late packets are (tc-netem(8), tc-tbf(8)).
type netem struct {
	path  *Path
	probe *probe
}

const probeName = "probe0"

func newNetem(p *Path, s Shape) error {
	p.Kind = Netem
	server := 0
	if err := p.Server.Do(func() error { server = unix.Gettid(); return nil }); err != nil {
		return err
	}
	err := p.Client.Do(func() error {
		for _, name := range []string{deviceName, probeName} {
			v := &netlink.Veth{LinkAttrs: netlink.NewLinkAttrs(), PeerName: name, PeerNamespace: netlink.NsPid(server)}
			v.Name = name
			if err := netlink.LinkAdd(v); err != nil {
				return fmt.Errorf("cannot make a pair of veth devices: %w", err)
			}
		}
		return nil
	})
	for i, end := range []*End{p.Client, p.Server} {
		if err == nil {
			err = end.Do(func() error { return equip(s, i) })
		}
	}
	if err != nil {
		return err
	}
	n := &netem{path: p}
	n.probe, err = startProbe(p, s)
	p.network = n
	return err
}

// equip makes the devices of this thread's namespace those of an end.
func equip(s Shape, end int) error {
	plain := Shape{RTT: s.RTT}
	for network, d := range []struct {
		name  string
		shape Shape
	}{{deviceName, s}, {probeName, plain}} {
		link, err := netlink.LinkByName(d.name)
		if err != nil {
			return err
		}
		// Segments are cut by TCP then, and not behind the queue.
		if err := netlink.LinkSetGSOMaxSegs(link, 1); err != nil {
			return fmt.Errorf("cannot have packets cut: %w", err)
		}
		if err := delayAndLose(link.Attrs().Index, d.shape, end); err != nil {
			return err
		}
		if err := bringUp(d.name, address(byte(network), end)); err != nil {
			return err
		}
	}
	return nil
}

// What linux/pkt_sched.h has and the library does not.
const (
	tick           = 64 // nanoseconds: PSCHED_SHIFT
	sizeTable      = 8  // TCA_STAB
	sizeTableBase  = 1  // TCA_STAB_BASE
	netemLoss      = 5  // TCA_NETEM_LOSS
	netemLossGE    = 2  // NETEM_LOSS_GE
	netemSeed      = 14 // TCA_NETEM_PRNG_SEED, since Linux 6.7
	ethernetHeader = 14
	manyPackets    = 1 << 20
)

// delayAndLose gives a device netem, and a token bucket behind it where there is a rate.
func delayAndLose(device int, s Shape, direction int) error {
	order := binary.NativeEndian
	request := nl.NewNetlinkRequest(unix.RTM_NEWQDISC, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
	request.AddData(&nl.TcMsg{
		Family: nl.FAMILY_ALL, Ifindex: int32(device), Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT,
	})
	request.AddData(nl.NewRtAttr(nl.TCA_KIND, nl.ZeroTerminated("netem")))
	// A packet is as long as its IP packet: struct tc_sizespec.
	spec, header := make([]byte, 24), int32(-ethernetHeader)
	order.PutUint32(spec[4:], uint32(header))
	table := nl.NewRtAttr(sizeTable, nil)
	table.AddRtAttr(sizeTableBase, spec)
	request.AddData(table)
	parameters := nl.TcNetemQopt{Latency: uint32(s.RTT / 2 / tick), Limit: manyPackets}
	if s.Burst <= 1 {
		parameters.Loss = chance(s.Loss)
	}
	if s.Reorder > 0 {
		parameters.Gap = 1
	}
	options := nl.NewRtAttr(nl.TCA_OPTIONS, parameters.Serialize())
	if s.Burst > 1 && s.Loss > 0 { // the same model as that of losses: struct tc_netem_gemodel
		l, model := s.losses(0), make([]byte, 16)
		order.PutUint32(model, chance(l.begin))
		order.PutUint32(model[4:], chance(l.end))
		options.AddRtAttr(netemLoss, nil).AddRtAttr(netemLossGE, model)
	}
	if s.Reorder > 0 {
		reorder := nl.TcNetemReorder{Probability: chance(s.Reorder)}
		options.AddRtAttr(nl.TCA_NETEM_REORDER, reorder.Serialize())
	}
	options.AddRtAttr(netemSeed, nl.Uint64Attr(2*s.Seed+uint64(direction)))
	request.AddData(options)
	if _, err := request.Execute(unix.NETLINK_ROUTE, 0); err != nil {
		if errors.Is(err, unix.ENOENT) {
			return errors.New("the kernel has no netem")
		}
		return fmt.Errorf("cannot use netem: %w", err)
	}
	if s.Rate == 0 {
		return nil
	}
	rate := float64(s.Rate) / 8
	bucket := max(4*mtu, rate*bucketTime.Seconds())
	err := netlink.QdiscAdd(&netlink.Tbf{
		QdiscAttrs: netlink.QdiscAttrs{LinkIndex: device, Handle: netlink.MakeHandle(2, 0), Parent: netlink.MakeHandle(1, 1)},
		Rate:       uint64(rate), Limit: uint32(min(s.Queue, math.MaxUint32)), Buffer: uint32(bucket / rate * 1e9 / tick),
	})
	if err != nil {
		return fmt.Errorf("cannot limit the rate with tbf: %w", err)
	}
	return nil
}

// bucketTime is how long a token bucket fills: as much as a timer of the kernel may be late without a loss of rate.
const bucketTime = time.Millisecond

// chance is a share as netem takes it.
func chance(share float64) uint32 { return uint32(share * math.MaxUint32) }

func (n *netem) end() (m Measured, err error) {
	m, err = n.probe.end()
	for _, end := range []*End{n.path.Client, n.path.Server} {
		err = errors.Join(err, end.Do(func() error {
			c, err := disciplines()
			m.Packets += c.packets + c.lost + c.overflowed
			m.Lost += float64(c.lost)
			m.Overflowed += c.overflowed
			return err
		}))
	}
	if m.Packets > 0 {
		m.Lost /= float64(m.Packets)
	}
	missed, failed := n.path.dropped()
	m.Missed += missed
	return m, errors.Join(err, failed)
}

// disciplined is what the kernel has counted on the device of a direction since it is there.
type disciplined struct {
	packets, lost, overflowed uint64
	bytes                     uint64 // that the token bucket has let through
	waiting                   uint32 // packets in it
}

// disciplines reads the counters in the namespace of this thread. What the token bucket drops netem counts as dropped,
// too.
func disciplines() (d disciplined, err error) {
	link, err := netlink.LinkByName(deviceName)
	if err != nil {
		return d, err
	}
	list, err := netlink.QdiscList(link)
	if err != nil {
		return d, fmt.Errorf("cannot read what netem has counted: %w", err)
	}
	for _, q := range list {
		s := q.Attrs().Statistics
		if s == nil || s.Basic == nil || s.Queue == nil {
			continue
		}
		switch q.Type() {
		case "netem":
			d.packets, d.lost = uint64(s.Basic.Packets), uint64(s.Queue.Drops)
		case "tbf":
			d.overflowed, d.bytes, d.waiting = uint64(s.Queue.Drops), s.Basic.Bytes, s.Queue.Qlen
		}
	}
	d.lost -= min(d.lost, d.overflowed)
	return d, nil
}
