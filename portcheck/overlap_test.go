package portcheck

import (
	"net/netip"
	"testing"
)

func TestWhoIsInTheWayOfAListener(t *testing.T) {
	holder := func(local string, dual bool) Holder {
		return Holder{Socket: Socket{Protocol: TCP, State: Listen, Local: netip.MustParseAddrPort(local), DualStack: dual}}
	}
	all := netip.AddrPortFrom(netip.Addr{}, 80)
	one, six := netip.MustParseAddrPort("10.0.0.1:80"), netip.MustParseAddrPort("[::1]:80")
	any4, any6 := netip.MustParseAddrPort("0.0.0.0:80"), netip.MustParseAddrPort("[::]:80")
	for _, tc := range []struct {
		holder Holder
		want   netip.AddrPort
		inWay  bool
	}{
		{holder("0.0.0.0:80", false), all, true},
		{holder("10.0.0.9:80", false), all, true},
		{holder("10.0.0.9:81", false), all, false},
		{holder("10.0.0.1:80", false), one, true},
		{holder("10.0.0.9:80", false), one, false},
		{holder("0.0.0.0:80", false), one, true},
		{holder("[::]:80", true), one, true},
		{holder("[::]:80", false), one, false},
		{holder("[::]:80", false), six, true},
		{holder("0.0.0.0:80", false), six, false},
		{holder("10.0.0.9:80", false), any4, true},
		{holder("[::1]:80", false), any4, false},
		{holder("10.0.0.9:80", false), any6, true},
		{Holder{Socket: Socket{Protocol: UDP, State: Listen, Local: any4}}, all, false},
		{Holder{Socket: Socket{Protocol: TCP, State: TimeWait, Local: one}}, all, false},
	} {
		if got := tc.holder.InTheWay(TCP, tc.want); got != tc.inWay {
			t.Errorf("%s %s in the way of %s: %v, want %v", tc.holder.Protocol, tc.holder.Local, tc.want, got, tc.inWay)
		}
	}
	for _, state := range []State{Unconn, Estab} { // bound is bound
		if h := (Holder{Socket: Socket{Protocol: UDP, State: state, Local: one}}); !h.InTheWay(UDP, all) {
			t.Errorf("a datagram socket that is %s is not in the way of one", state)
		}
	}
}
