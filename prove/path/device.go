package path

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
)

const (
	deviceName = "path0"
	mtu        = 1500
)

// The networks of a path, out of that of RFC 2544 for benchmarks.
const (
	dataNet = iota
	probeNet
)

// address is that of end 0 or 1 in a network.
func address(network byte, end int) net.IP { return net.IPv4(198, 18, network, byte(1+end)) }

// bringUp has the device in the namespace of this thread carry packets, with that address if there is one.
func bringUp(name string, address net.IP) error {
	link, err := netlink.LinkByName(name)
	if err == nil && address != nil {
		err = netlink.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: address, Mask: net.CIDRMask(24, 32)}})
	}
	if err == nil {
		err = netlink.LinkSetUp(link)
	}
	if err != nil {
		return fmt.Errorf("cannot bring up %s: %w", name, err)
	}
	return nil
}

// droppedBefore counts the packets that the device of this thread's namespace could not hand to the emulator.
func droppedBefore() (uint64, error) {
	link, err := netlink.LinkByName(deviceName)
	if err != nil {
		return 0, err
	}
	if s := link.Attrs().Statistics; s != nil {
		return s.TxDropped, nil
	}
	return 0, fmt.Errorf("no counters of %s", deviceName)
}
