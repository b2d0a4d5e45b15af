package portcheck

import (
	"net/netip"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// A socket counts for an address where the kernel would keep a server from binding that, and nowhere else: to ask the
// kernel by a bind is the measure.
func TestWhichSocketsAnAddressMeans(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	for _, tc := range []struct {
		what string
		make func(at string) *os.File
		at   string
	}{
		{"IPv4", func(at string) *os.File { return r.listener(at) }, "127.0.0.1:8080"},
		{"all of IPv4", func(at string) *os.File { return r.listener(at) }, "0.0.0.0:8080"},
		{"dual-stack", func(at string) *os.File { return r.listener(at) }, "[::]:8080"},
		{"all of IPv6", func(at string) *os.File { return r.listener(at, v6Only) }, "[::]:8080"},
		{"IPv6", func(at string) *os.File { return r.listener(at, v6Only) }, "[::1]:8080"},
		{"IPv4 written as IPv6", r.mapped, "[::ffff:127.0.0.1]:8080"},
		{"all of IPv4 written as IPv6", r.mapped, "[::ffff:0.0.0.0]:8080"},
	} {
		f := tc.make(tc.at)
		for _, at := range []string{"127.0.0.1", "127.0.0.2", "::1", "0.0.0.0", "::"} {
			q := Query{Ranges: ports(TCP, 8080, 8080), At: []netip.Addr{netip.MustParseAddr(at)}}
			v, s := r.look(q)
			inUse := v.tryBind(q.Ranges[0], q.At) != nil
			if held := len(s.Holders) > 0; held != inUse {
				t.Errorf("%s at %s: held %v, and its address is in use: %v", tc.what, at, held, inUse)
			}
		}
		r.must(f.Close())
	}
}

// Two links may have the same address of the link; a server on the other one is none of this one's.
func TestAnAddressOfALinkKeepsItsLink(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.must(exec.Command("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1").Run())
	for _, link := range []string{"v0", "v1"} {
		r.must(exec.Command("ip", "link", "set", link, "addrgenmode", "none", "up").Run())
		r.must(exec.Command("ip", "addr", "add", "fe80::1/64", "dev", link, "nodad").Run())
	}
	on := func(link string) *os.File {
		fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		r.must(err)
		to := &unix.SockaddrInet6{Port: 8080, ZoneId: Namespace{}.device(link)}
		to.Addr = netip.MustParseAddr("fe80::1").As16()
		r.must(unix.Bind(fd, to))
		r.must(unix.Listen(fd, 16))
		return os.NewFile(uintptr(fd), link)
	}
	holder, bystander := r.keeper(on("v0")), r.keeper(on("v1"))
	q := Query{Ranges: ports(TCP, 8080, 8080), At: []netip.Addr{netip.MustParseAddr("fe80::1%v0")}}
	acts, verdict := r.freeOf(q, usual())
	if len(acts) != 1 || !verdict.Free || !bystander.lives() {
		t.Errorf("%+v %+v; the other link's server lives: %v", acts, verdict, bystander.lives())
	}
	holder.awaitEnd(t)
}
