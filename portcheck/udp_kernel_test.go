package portcheck

import (
	"net/netip"
	"testing"
)

// Nobody holds a UDP port, and yet that is no proof where one may not bind it, or where its address is not there.
func TestAUDPPortIsFreeForWhoMayBindIt(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.actor("unproven 53", asNobody)
	v, s := r.look(Query{Ranges: ports(UDP, 53, 53)})
	if blocked := v.Blocked(r.Context(), s); len(blocked) != 0 {
		t.Errorf("root may bind it: %+v", blocked)
	}
	_, s = r.look(Query{Ranges: ports(UDP, 53, 53), At: []netip.Addr{netip.MustParseAddr("10.77.7.7")}})
	if blocked := v.Blocked(r.Context(), s); len(blocked) != 1 || !blocked[0].Unproven {
		t.Errorf("an address that is not there: %+v", blocked)
	}
}
