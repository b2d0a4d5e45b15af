package portcheck

import "net/netip"

// InTheWay reports whether h keeps a socket of a protocol from listening on an address; one without an IP stands for
// all of them. Of UDP each socket that is bound is in the way, connected or not.
func (h Holder) InTheWay(protocol Protocol, want netip.AddrPort) bool {
	if h.Protocol != protocol || protocol == TCP && h.State != Listen || h.Port() != want.Port() {
		return false
	}
	has, ip := h.Local.Addr().Unmap(), want.Addr().Unmap()
	switch {
	case !ip.IsValid():
		return true
	case ip == has:
		return true
	case has.IsUnspecified():
		return has.Is4() == ip.Is4() || has.Is6() && h.DualStack
	case ip.IsUnspecified():
		return has.Is4() == ip.Is4() || ip.Is6() // systemd binds [::] for IPv4 as well
	}
	return false
}
