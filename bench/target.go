package bench

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// Place is where a service is as a person writes it: "HOST:PORT", "[::1]:8080", "unix:/run/x.sock", or a URL of http or
// https.
type Place struct {
	Name   string
	Host   string // a name or an address, without brackets
	Port   uint16
	Path   string // of a Unix socket
	HTTP   bool   // it was a URL
	TLS    bool   // of https
	Target string // path and query of the URL
}

// ParsePlace reads where a service is.
func ParsePlace(text string) (p Place, err error) {
	refuse := func(why string) (Place, error) {
		return Place{}, report.Usage(fmt.Sprintf("cannot use %q as a target: %s", text, why),
			"HOST:PORT, [ADDRESS]:PORT, unix:/PATH, http://HOST:PORT/PATH")
	}
	p.Name = text
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if p.Path = path; !filepath.IsAbs(path) || len(path) > 107 {
			return refuse("the path of a socket is absolute, and has at most 107 bytes")
		}
		return p, nil
	}
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		scheme = strings.ToLower(scheme)
		u, err := url.Parse(text)
		switch {
		case err != nil || rest == "" || u.Host == "":
			return refuse("it is no URL")
		case scheme == "tcp":
			text = u.Host
		case scheme != "http" && scheme != "https":
			return refuse("its scheme is not http or https")
		case u.User != nil:
			return refuse("a password does not belong into a command line")
		default:
			p.HTTP, p.TLS, p.Target = true, scheme == "https", u.RequestURI()
			if text = u.Host; u.Port() == "" {
				text = net.JoinHostPort(u.Hostname(), map[bool]string{true: "443", false: "80"}[p.TLS])
			}
		}
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		if _, number := strconv.Atoi(text); number == nil {
			return refuse("a port needs its host: 127.0.0.1:" + text)
		}
		return refuse("it has no port")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case host == "":
		return refuse("it has no host")
	case err != nil || n == 0:
		return refuse("its port is not from 1 to 65535")
	}
	p.Host, p.Port = host, uint16(n)
	return p, nil
}

// Addr looks the host up. Of several addresses it is the first that takes a connection: what is measured is one of
// them.
func (p Place) Addr(ctx context.Context) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddr(p.Host); err == nil {
		if addr.Zone() != "" && zoneOf(addr) == 0 {
			why := fmt.Sprintf("cannot use %q as a target: there is no interface %s", p.Name, addr.Zone())
			return netip.AddrPort{}, report.Usage(why, "")
		}
		return netip.AddrPortFrom(addr.Unmap(), p.Port), nil
	}
	list, err := net.DefaultResolver.LookupNetIP(ctx, "ip", p.Host)
	if err != nil || len(list) == 0 {
		return netip.AddrPort{}, &report.Error{Code: CodeNoConnection, Message: "cannot look up " + strconv.Quote(p.Host), Err: err}
	}
	// IPv4 first, as it is what most services listen on.
	slices.SortStableFunc(list, func(a, b netip.Addr) int { return a.Unmap().BitLen() - b.Unmap().BitLen() })
	return firstThatTakes(ctx, list, p.Port), nil
}

// firstThatTakes is the first of several addresses where something takes connections, or the first of all.
func firstThatTakes(ctx context.Context, list []netip.Addr, port uint16) netip.AddrPort {
	try := net.Dialer{Timeout: 2 * time.Second}
	for i := range list {
		at := netip.AddrPortFrom(list[i].Unmap(), port)
		if len(list) == 1 {
			return at
		}
		if c, err := try.DialContext(ctx, "tcp", at.String()); err == nil {
			_ = c.Close()
			return at
		}
	}
	return netip.AddrPortFrom(list[0].Unmap(), port)
}
