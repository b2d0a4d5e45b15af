package service

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// localHeader is version 2 of the PROXY protocol where a proxy speaks for itself, as in its checks of health.
const localHeader = "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"

// parseNetworks reads the networks from which the server expects the PROXY protocol.
func parseNetworks(text string) (all []netip.Prefix, err error) {
	for one := range strings.SplitSeq(text, ",") {
		p, err := netip.ParsePrefix(one)
		if err != nil || p.Masked() != p || p.Addr().Is4In6() {
			return nil, fmt.Errorf("no network: %q", one)
		}
		all = append(all, p)
	}
	return all, nil
}

// introduces tells whether a connection from an address of this host has to begin with a header.
func (s Spec) introduces(from net.Addr) bool {
	i := slices.IndexFunc(s.Limits, func(l Limit) bool { return l.Name == "proxy-from" })
	tcp, ok := from.(*net.TCPAddr)
	if i < 0 || !ok {
		return false
	}
	networks, err := parseNetworks(s.Limits[i].Value)
	ip := tcp.AddrPort().Addr().Unmap()
	return err == nil && slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(ip) })
}
