package service

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// probeTime bounds one round trip: a service that is starting makes its first client wait.
const probeTime = 15 * time.Second

// Probe connects to each address of the service, and asks and gets an answer in its protocol. A user's own program and
// "discard" have no answer that we know, and one of relay depends on others: there a connection is all, and what says
// no more.
func (s Spec) Probe(ctx context.Context) (what string, err error) {
	what = "answers on"
	if s.TLSClientCA != "" {
		what = "asks clients for a certificate on"
	}
	if s.dumb() {
		what = "was started, and its socket is open on" // no more: systemd listens, whatever the program does
		if s.kind() != "exec" {
			what = "says that it is ready, and its socket is open on"
		}
	}
	var asked, unasked []string
	for _, listen := range s.Listen {
		network, address, why, err := s.reach(listen)
		switch {
		case err != nil:
			return "", err
		case why != "":
			unasked = append(unasked, fmt.Sprintf("%s was not asked: %s", listen, why))
			continue
		}
		if err := s.probe(ctx, network, address); err != nil {
			return "", fmt.Errorf("cannot get an answer on %s: %w", address, err)
		}
		asked = append(asked, address)
	}
	if asked != nil {
		unasked = append([]string{what + " " + strings.Join(asked, " ")}, unasked...)
	}
	return strings.Join(unasked, "; "), nil
}

// reach says how to get from this host to what listens on an address, or why that cannot be.
func (s Spec) reach(listen string) (network, address, why string, err error) {
	switch {
	case isUnix(listen):
		return "unix", listen, "", nil
	case isUDP(listen):
		return "", "", "a datagram of ours has no answer that is known", nil
	case s.Interface != "":
		return "", "", "it takes connections from " + s.Interface + " only, and those of this host come over lo", nil
	}
	a, err := dialable(listen)
	if err != nil {
		return "", "", "", err
	}
	local, err := here(a.Addr())
	if err == nil && !local {
		why = "this host does not have that address yet"
	}
	return "tcp", a.String(), why, err
}

// here reports whether an address is one of this host. All of 127.0.0.0/8 is.
func here(ip netip.Addr) (bool, error) {
	if ip.IsLoopback() {
		return true, nil
	}
	all, err := networks()
	return slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Addr().Unmap() == ip.WithZone("").Unmap() }), err
}

// networks are the addresses of this host, each with the length of its network.
func networks() (all []netip.Prefix, err error) {
	addresses, err := net.InterfaceAddrs()
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all = append(all, p)
		}
	}
	return all, err
}

// dumb reports whether no answer can be expected.
func (s Spec) dumb() bool { return !s.bundled() || s.Protocol == "discard" || s.Protocol == "relay" }

// dialable is where to reach from this host what listens on an address.
func dialable(listen string) (netip.AddrPort, error) {
	a, err := parseListen(listen)
	if err != nil {
		return a, err
	}
	switch ip := a.Addr(); {
	case !ip.IsValid(), ip == netip.IPv4Unspecified():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port()), nil
	case ip == netip.IPv6Unspecified():
		return netip.AddrPortFrom(netip.IPv6Loopback(), a.Port()), nil
	}
	return a, nil
}

func (s Spec) probe(ctx context.Context, network, address string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return plainly(err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if s.introduces(conn.LocalAddr()) {
		if _, err := conn.Write([]byte(localHeader)); err != nil {
			return plainly(err)
		}
	}
	if s.TLSCert != "" {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		config.InsecureSkipVerify = true //nolint:gosec // it is only asked whether this very service answers
		conn = tls.Client(conn, config)
	}
	if s.TLSClientCA != "" {
		// We have none: that it asks for one is the answer. TLS 1.3 tells who has finished the handshake, RFC 8446 4.4.2.4.
		_, err := conn.Read(make([]byte, 1))
		if err == nil || !strings.Contains(err.Error(), "certificate") {
			return fmt.Errorf("it does not ask for a certificate: %w", plainly(err))
		}
		return nil
	}
	if s.dumb() {
		return nil
	}
	if err := s.roundTrip(conn, address); err != nil {
		return plainly(err)
	}
	return nil
}

// roundTrip asks one question of the protocol.
func (s Spec) roundTrip(conn net.Conn, address string) error {
	const text = "tcptune asks"
	switch s.Protocol {
	case "line":
		return ask(conn, []byte(text+"\n"), []byte("echo: "+text+"\n"))
	case "frame":
		frame := append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
		return ask(conn, frame, frame)
	case "http":
		return askHTTP(conn, address)
	}
	return ask(conn, []byte(text), []byte(text))
}

func ask(conn net.Conn, question, answer []byte) error {
	if _, err := conn.Write(question); err != nil {
		return err
	}
	got := make([]byte, len(answer))
	for n := 0; n < len(answer); {
		more, err := conn.Read(got[n:])
		n += more
		if !bytes.HasPrefix(answer, got[:n]) { // rather than wait for the rest of it
			return fmt.Errorf("it answers %q", got[:n])
		}
		if err != nil && n < len(answer) {
			return err
		}
	}
	return nil
}

func askHTTP(conn net.Conn, address string) error {
	host := address
	if isUnix(address) {
		host = "localhost"
	}
	request, err := http.NewRequest(http.MethodGet, "http://"+host+"/healthz", nil)
	if err != nil {
		return err
	}
	request.Close = true
	if err := request.Write(conn); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s to /healthz", response.Status)
	}
	return nil
}

// plainly says what an operator needs to know of a network error.
func plainly(err error) error {
	var op *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("none within %s", probeTime)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE):
		return errors.New("it closes the connection")
	case errors.As(err, &op):
		return op.Err
	}
	return err
}
