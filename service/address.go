package service

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An address of --listen is one of three kinds: TCP, "udp:" before the same for a program of one's own, or the path of a
// Unix socket.
const udpPrefix = "udp:"

func isUnix(text string) bool { return strings.HasPrefix(text, "/") }
func isUDP(text string) bool  { return strings.HasPrefix(text, udpPrefix) }

// parseListen reads an address of TCP as ListenStream= takes it, systemd.socket(5): a port means all addresses, and then
// the address is the zero value. Names of hosts are refused, since systemd does not resolve them at boot. A link-local
// address is one of each interface, so it needs a zone.
func parseListen(text string) (netip.AddrPort, error) {
	address, err := netip.ParseAddrPort(text)
	if !strings.Contains(text, ":") {
		var port uint64
		port, err = strconv.ParseUint(text, 10, 16)
		address = netip.AddrPortFrom(netip.Addr{}, uint16(port))
	}
	ip := address.Addr()
	canonical := address.String() == text || !ip.IsValid() && strconv.Itoa(int(address.Port())) == text
	if err != nil || address.Port() == 0 || !canonical {
		const form = "a port (8080), an address and a port (127.0.0.1:8080, [::1]:8080) or the path of a Unix socket"
		return netip.AddrPort{}, fmt.Errorf("cannot use --listen %q: it is %s", text, form)
	}
	local := ip.Is6() && ip.IsLinkLocalUnicast()
	switch {
	case ip.IsMulticast() || ip.Is4In6() && ip.Unmap().IsUnspecified() || ip.IsValid() && noHosts(ip.Unmap()):
		return netip.AddrPort{}, fmt.Errorf("cannot use --listen %q: it is no address of one host", text)
	case local && ip.Zone() == "":
		return netip.AddrPort{}, fmt.Errorf("cannot use --listen %q: a link-local address needs its interface, [%s%%eth0]:%d",
			text, ip, address.Port())
	case ip.Zone() != "" && (!local || !interfaceName(ip.Zone())):
		return netip.AddrPort{}, fmt.Errorf("cannot use --listen %q: only a link-local address has a zone, which is an interface", text)
	}
	return address, nil
}

// noHosts reports whether an IPv4 address is one that no host can have: 0.0.0.0/8 but for 0.0.0.0, which means all, and
// 224.0.0.0/3, that is groups, what is reserved, and broadcast (RFC 6890, RFC 5771).
func noHosts(ip netip.Addr) bool {
	if !ip.Is4() || ip.IsUnspecified() {
		return false
	}
	first := ip.As4()[0]
	return first == 0 || first >= 224
}

// ofAll refuses a listening address that is the first or the last one of a network of this host: what is sent there
// is for all of it, and no other host's either.
func (s Spec) ofAll(networks []netip.Prefix) error {
	for _, udp := range []bool{false, true} {
		addresses, err := s.overIP(udp)
		if err != nil {
			return err
		}
		for _, a := range addresses {
			if i := slices.IndexFunc(networks, func(n netip.Prefix) bool { return isEnd(n, a.Addr().Unmap()) }); i >= 0 {
				return fmt.Errorf("cannot use --listen %q: it stands for all of the network %s", shown(a), networks[i].Masked())
			}
		}
	}
	return nil
}

// isEnd reports whether ip is the first or the last address of the network of an interface, and not that of the
// interface. In a network of two, or of one, each is that of a host (RFC 3021).
func isEnd(network netip.Prefix, ip netip.Addr) bool {
	if !network.Addr().Is4() || network.Bits() > 30 || !network.Contains(ip) || network.Addr() == ip {
		return false
	}
	host, bytes := uint32(1)<<(32-network.Bits())-1, ip.As4()
	part := binary.BigEndian.Uint32(bytes[:]) & host
	return part == 0 || part == host
}

// interfaceName reports whether the kernel could have an interface of that name.
func interfaceName(name string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9_.-]{1,15}$`).MatchString(name)
}

// overIP are the addresses of s that are over IP, of TCP or of UDP.
func (s Spec) overIP(udp bool) (all []netip.AddrPort, err error) {
	for _, text := range s.Listen {
		if isUnix(text) || isUDP(text) != udp {
			continue
		}
		a, err := parseListen(strings.TrimPrefix(text, udpPrefix))
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

func (s Spec) checkListen() error {
	if len(s.Listen) == 0 {
		return errors.New("cannot install a service without --listen")
	}
	for i, text := range s.Listen {
		switch {
		case slices.Contains(s.Listen[:i], text):
			return fmt.Errorf("cannot use --listen %s twice", text)
		case slices.ContainsFunc(s.Listen[:i], func(other string) bool { return ofAddress(other) == ofAddress(text) }):
			return fmt.Errorf("cannot use --listen %s beside another address whose unit has the same name, %s%s", text, s.Name, ofAddress(text))
		case isUDP(text) && s.bundled():
			return fmt.Errorf("cannot use --listen %s without --exec: the bundled server speaks TCP", text)
		case isUnix(text) && s.bundled() && text == AdminSocket(s.Name):
			return fmt.Errorf("cannot use --listen %s: it is the socket for profiles and connections", text)
		case isUnix(text):
			if err := checkSocketPath(text); err != nil {
				return err
			}
		}
	}
	for _, udp := range []bool{false, true} {
		addresses, err := s.overIP(udp)
		if err != nil {
			return err
		}
		for i, a := range addresses {
			for _, b := range addresses[:i] {
				if clash(a, b, s.kindsApart(strconv.Itoa(int(a.Port())), udp)) {
					kind := map[bool]string{true: udpPrefix}[udp]
					return fmt.Errorf("cannot use --listen %s%s beside --listen %s%s: only one of them can be opened", kind, shown(a), kind, shown(b))
				}
			}
		}
	}
	if s.Interface != "" && !interfaceName(s.Interface) {
		return fmt.Errorf("cannot use --interface %q: it is the name of a network interface, eth0 for instance", s.Interface)
	}
	if s.IPv6Only && !slices.ContainsFunc(s.Listen, func(l string) bool { return strings.Contains(l, "[") }) {
		return errors.New("cannot use --ipv6-only without an IPv6 address: --listen [::]:8080 for instance")
	}
	return nil
}

// shown is an address as --listen takes it.
func shown(a netip.AddrPort) string {
	if !a.Addr().IsValid() {
		return strconv.Itoa(int(a.Port()))
	}
	return a.String()
}

// checkSocketPath: systemd makes the folders, and everybody has to be able to reach it.
func checkSocketPath(p string) error {
	const longest = 107 // of sun_path, unix(7)
	if err := checkPath("use --listen", p); err != nil {
		return err
	}
	if len(p) > longest || !strings.HasPrefix(p, "/run/") || path.Dir(p) == "/" {
		return fmt.Errorf("cannot use --listen %s: a Unix socket lies below /run, and its path has at most %d bytes", p, longest)
	}
	return nil
}

// only6 reports whether [::] is to be IPv6 alone where it is among listen: that is asked for, or 0.0.0.0 has the same port.
func (s Spec) only6(listen []string) bool {
	return slices.ContainsFunc(listen, func(text string) bool {
		port, all := strings.CutPrefix(strings.TrimPrefix(text, udpPrefix), "[::]:")
		return all && s.kindsApart(port, isUDP(text))
	})
}

// kindsApart reports whether IPv4 and IPv6 have a socket each, where one is for all addresses with that port.
func (s Spec) kindsApart(port string, udp bool) bool {
	kind := ""
	if udp {
		kind = udpPrefix
	}
	return s.IPv6Only || slices.Contains(s.Listen, kind+"0.0.0.0:"+port)
}

// streams are the lines of a socket unit for the addresses of listen. Where [::] is among them and IPv6 alone a port,
// which means all addresses, is two lines.
func (s Spec) streams(listen []string) (lines []string) {
	only6 := s.only6(listen)
	for _, text := range listen {
		key, text := "ListenStream=", text
		if isUDP(text) {
			key, text = "ListenDatagram=", strings.TrimPrefix(text, udpPrefix)
		}
		if only6 && !strings.Contains(text, ":") && !isUnix(text) {
			lines = append(lines, key+"0.0.0.0:"+text)
			text = "[::]:" + text
		}
		lines = append(lines, key+strings.ReplaceAll(zoneLast(text), "%", "%%")) // a specifier begins with it
	}
	return lines
}

// zoneLast is an address as systemd.socket(5) writes it: "[fe80::1]:8080%eth0" for "[fe80::1%eth0]:8080".
func zoneLast(text string) string {
	a, err := netip.ParseAddrPort(text)
	if err != nil || a.Addr().Zone() == "" {
		return text
	}
	return netip.AddrPortFrom(a.Addr().WithZone(""), a.Port()).String() + "%" + a.Addr().Zone()
}

// parseLoaded reads an address as systemd shows it.
func parseLoaded(text string) (netip.AddrPort, error) {
	text, _, _ = strings.Cut(text, "%")
	return netip.ParseAddrPort(text)
}

// clash reports whether one of two sockets keeps the other from listening. [::] is IPv4 as well, unless only6.
func clash(a, b netip.AddrPort, only6 bool) bool {
	x, y := a.Addr().Unmap(), b.Addr().Unmap()
	switch {
	case a.Port() != b.Port():
		return false
	case !x.IsValid() || !y.IsValid() || x == y:
		return true
	}
	covers := func(x, y netip.Addr) bool {
		return x.IsUnspecified() && (x.Is4() && y.Is4() || x.Is6() && (y.Is6() || !only6))
	}
	return covers(x, y) || covers(y, x)
}

// freeBind tells whether a listening address may not be there yet when sockets are bound at boot.
func freeBind(listen []string) bool {
	return slices.ContainsFunc(listen, func(text string) bool {
		address, err := parseListen(strings.TrimPrefix(text, udpPrefix))
		ip := address.Addr()
		return err == nil && ip.IsValid() && !ip.IsUnspecified() && !ip.IsLoopback()
	})
}

func (s Spec) checkAdmin() error {
	admin := s.Admin
	if !admin.Addr().IsLoopback() || admin.Port() == 0 || admin.Addr().Zone() != "" || admin.Addr().Is4In6() {
		return fmt.Errorf("cannot use --admin %s: it has to be an address and port of the loopback interface, "+
			"it asks nobody for a password", admin)
	}
	addresses, err := s.overIP(false)
	if err != nil {
		return err
	}
	for _, address := range addresses {
		ip := address.Addr()
		if address.Port() == admin.Port() && (!ip.IsValid() || ip.IsUnspecified() || ip == admin.Addr()) {
			return fmt.Errorf("cannot use --admin %s: --listen %s has that port", admin, shown(address))
		}
	}
	return nil
}

func checkUpstreams(protocol string, upstreams []netip.AddrPort) error {
	if protocol == "relay" && len(upstreams) == 0 {
		return errors.New("cannot use --protocol relay without --upstream")
	}
	if protocol != "relay" && len(upstreams) > 0 {
		return fmt.Errorf("cannot use --upstream with --protocol %s: only relay has upstreams", protocol)
	}
	for i, upstream := range upstreams {
		ip := upstream.Addr()
		if !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() || ip.Is4In6() || ip.Zone() != "" || upstream.Port() == 0 {
			return fmt.Errorf("cannot use --upstream %s: it has to be the address and port of one host", upstream)
		}
		if slices.Contains(upstreams[:i], upstream) {
			return fmt.Errorf("cannot use --upstream %s twice", upstream)
		}
	}
	return nil
}
