package service

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// parseListen reads an address as ListenStream= takes it, systemd.socket(5): a port means all addresses, and then the
// address is the zero value. Names of hosts and zones are refused, since systemd does not resolve them at boot.
func parseListen(text string) (netip.AddrPort, error) {
	address, err := netip.ParseAddrPort(text)
	if !strings.Contains(text, ":") {
		var port uint64
		port, err = strconv.ParseUint(text, 10, 16)
		address = netip.AddrPortFrom(netip.Addr{}, uint16(port))
	}
	canonical := address.String() == text || !address.Addr().IsValid() && strconv.Itoa(int(address.Port())) == text
	if err != nil || address.Port() == 0 || address.Addr().Zone() != "" || !canonical {
		const form = "a port (8080) or an address and a port (127.0.0.1:8080, [::1]:8080)"
		return netip.AddrPort{}, fmt.Errorf("cannot use --listen %q: it is %s", text, form)
	}
	return address, nil
}

func checkListen(listen []string) error {
	if len(listen) == 0 {
		return errors.New("cannot install a service without --listen")
	}
	var before []netip.AddrPort
	for i, text := range listen {
		address, err := parseListen(text)
		if err != nil {
			return err
		}
		if slices.Contains(listen[:i], text) {
			return fmt.Errorf("cannot use --listen %s twice", text)
		}
		for j, other := range before {
			if clash(address, other) {
				return fmt.Errorf("cannot use --listen %s beside --listen %s: only one of them can be opened", text, listen[j])
			}
		}
		before = append(before, address)
	}
	return nil
}

// clash reports whether one of two sockets keeps the other from listening. systemd binds [::] for IPv4 as well.
func clash(a, b netip.AddrPort) bool {
	x, y := a.Addr().Unmap(), b.Addr().Unmap()
	switch {
	case a.Port() != b.Port():
		return false
	case !x.IsValid() || !y.IsValid() || x == y:
		return true
	}
	return x.IsUnspecified() && (x.Is6() || y.Is4()) || y.IsUnspecified() && (y.Is6() || x.Is4())
}

// freeBind tells whether a listening address may not be there yet when sockets are bound at boot.
func (s Spec) freeBind() bool {
	return slices.ContainsFunc(s.Listen, func(text string) bool {
		address, err := parseListen(text)
		ip := address.Addr()
		return err == nil && ip.IsValid() && !ip.IsUnspecified() && !ip.IsLoopback()
	})
}

func checkAdmin(admin netip.AddrPort, listen []string) error {
	if !admin.Addr().IsLoopback() || admin.Port() == 0 || admin.Addr().Zone() != "" || admin.Addr().Is4In6() {
		return fmt.Errorf("cannot use --admin %s: it has to be an address and port of the loopback interface, "+
			"it asks nobody for a password", admin)
	}
	for _, text := range listen {
		address, err := parseListen(text)
		if err != nil {
			return err
		}
		ip := address.Addr()
		if address.Port() == admin.Port() && (!ip.IsValid() || ip.IsUnspecified() || ip == admin.Addr()) {
			return fmt.Errorf("cannot use --admin %s: --listen %s has that port", admin, text)
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
