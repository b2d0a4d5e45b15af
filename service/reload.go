package service

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// Reload has the process of a service read its configuration again. It refuses one that does not run, which will read it
// when it starts, and one of which nobody has said how it reloads.
func Reload(ctx context.Context, m manager, name string) (done []plan.Change, err error) {
	r := restart{m, name, nil}
	u, err := m.Unit(ctx, r.service())
	switch {
	case err != nil:
		return nil, err
	case u.Active != plan.Active:
		return nil, &report.Error{
			Code: "not-active", Message: fmt.Sprintf("cannot reload: %s is %s, and reads its configuration when it starts", u.Name, u.Active),
			Hint: "tcptune service status " + name + " says how it is doing",
		}
	case !u.CanReload:
		return nil, &report.Error{
			Code: "no-reload", Message: fmt.Sprintf("cannot reload: %s does not say how", u.Name),
			Hint: `install it with -p 'ExecReload=/bin/kill -HUP $MAINPID', where that is how, or run: sudo tcptune service restart ` + name,
		}
	}
	if err := r.act(ctx, r.service(), plan.Reloaded, m.ReloadUnit); err != nil && !ended(ctx, m, u) {
		return r.done, err
	}
	select { // the end of a program that does not know the signal comes after it
	case <-ctx.Done():
	case <-time.After(reloadLook):
	}
	if ended(ctx, m, u) {
		return r.done, &report.Error{
			Code:    "ended-by-reload",
			Message: fmt.Sprintf("cannot reload: that has ended the program of %s, which systemd starts again", u.Name),
			Hint:    "a program has to take what ExecReload= sends; without it, run: sudo tcptune service restart " + name,
		}
	}
	return r.done, nil
}

// reloadLook is how long a program is looked at that was told to reload: a signal that it does not take ends it at
// once.
const reloadLook = 200 * time.Millisecond

// ended reports whether the process of a service that ran as before has ended by itself since.
func ended(ctx context.Context, m manager, before host.Unit) bool {
	now, err := m.Unit(context.WithoutCancel(ctx), before.Name)
	return err == nil && (now.Restarts != before.Restarts || now.MainPID == 0 && before.MainPID != 0)
}

// CredentialFiles are those that systemd hands over to s: certificates, keys and authorities.
func (s Spec) CredentialFiles() (files []string) {
	for _, c := range s.credentials() {
		files = append(files, c.File)
	}
	return files
}

// StaleCredentials reports whether s serves with other files than there are: new connections get another certificate, or
// root sees another copy. systemd before 260 makes those when a process starts, so that a reload alone reads the former
// ones again. An address that cannot be asked from here is why: then nobody knows.
func StaleCredentials(ctx context.Context, h host.Host, s Spec) (stale bool, why string, err error) {
	switch {
	case s.staleCopies(h):
		return true, "", nil
	case s.TLSCert == "":
		return false, "", nil
	}
	text, err := h.ReadFile(s.TLSCert)
	if err != nil {
		return false, "", fmt.Errorf("cannot read %s: %w", s.TLSCert, host.Cause(err))
	}
	wanted := firstCertificate(text)
	if wanted == nil {
		return false, "", fmt.Errorf("cannot use %s: it holds no certificate", s.TLSCert)
	}
	sockets, err := s.front(ctx, h.SystemManager())
	if err != nil {
		return false, "", err
	}
	s, _ = s.asLoaded(sockets.open().listen())
	for _, listen := range s.Listen {
		network, address, no, err := s.reach(listen)
		if err != nil {
			return false, "", err
		}
		if why = no; no != "" {
			continue
		}
		shown, err := s.shownCertificate(ctx, network, address)
		return !bytes.Equal(shown, wanted), "", err
	}
	return false, why, nil
}

// firstCertificate is the one of the service in a file as [tls.X509KeyPair] reads it, nil where there is none: what
// is no certificate may stand before it, its key for instance.
func firstCertificate(text []byte) []byte {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return block.Bytes
		}
	}
	return nil
}

// staleCopies reports whether systemd has handed over another file than there is, as far as that can be seen.
func (s Spec) staleCopies(h host.Host) bool {
	return slices.ContainsFunc(s.credentials(), func(c credential) bool {
		file, errFile := h.ReadFile(c.File)
		copied, errCopied := h.ReadFile("/run/credentials/" + s.Name + ".service/" + c.Name)
		return errFile == nil && errCopied == nil && !bytes.Equal(file, copied)
	})
}

// shownCertificate is the one that a new connection gets.
func (s Spec) shownCertificate(ctx context.Context, network, address string) (leaf []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("cannot ask %s for its certificate: %w", address, plainly(err))
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if s.introduces(conn.LocalAddr()) {
		if _, err := conn.Write([]byte(localHeader)); err != nil {
			return nil, plainly(err)
		}
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, VerifyConnection: func(c tls.ConnectionState) error {
		leaf = c.PeerCertificates[0].Raw
		return nil
	}}
	config.InsecureSkipVerify = true                                                      //nolint:gosec // it is compared with the file
	if err := tls.Client(conn, config).HandshakeContext(ctx); err != nil && leaf == nil { // it may ask for one of ours after that
		return nil, fmt.Errorf("cannot ask %s for its certificate: %w", address, plainly(err))
	}
	return leaf, nil
}
