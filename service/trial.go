package service

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// trialTime bounds "tcptune-server --check", which reads a few files.
const trialTime = 10 * time.Second

// Try has the bundled server itself say whether it could serve with s, before anything is touched: it reads its flags
// and limits with the code that it serves with, as a user that owns nothing. What it refuses is an error. unknown says
// what could not be found out, "" where nothing is left open. It is for a running host.
func Try(ctx context.Context, h host.Host, s Spec) (unknown string, err error) {
	if !s.bundled() || !h.Live() {
		return "", nil
	}
	limits := []string{"--check"}
	for _, l := range s.Limits {
		limits = append(limits, "--"+l.Name+"="+l.Value)
	}
	argv := s.command(limits...)
	unknown, err = tryProgram(ctx, h, s.Name, argv)
	if err != nil || s.TLSCert == "" {
		return unknown, err
	}
	more, err := tryPair(h, s)
	return strings.TrimPrefix(unknown+"; "+more, "; "), err
}

// TryRestart is [Try] for a service that is installed: with its files as they are, its unit as systemd has it, drop-ins
// included, and its sockets. It asks before the old process is told to go.
func TryRestart(ctx context.Context, h host.Host, s Spec) (unknown string, err error) {
	if err := CheckFiles(h, s); err != nil {
		return "", err
	}
	socket, _, err := s.opened(ctx, h.SystemManager())
	if err != nil {
		return "", err
	}
	rows, err := h.ListeningSockets()
	if err != nil {
		return "", err
	}
	if gone := closed(rows, socket.Listen); socket.Active == plan.Active && len(gone) > 0 {
		return "", &report.Error{
			Code:    "not-open",
			Message: fmt.Sprintf("cannot restart: %s says that it listens on %s, and has not opened that", socket.Name, strings.Join(gone, ", ")),
			Hint:    "run: sudo systemctl restart " + socket.Name + ", which opens what a drop-in says",
		}
	}
	service, err := h.SystemManager().Unit(ctx, s.Name+".service")
	if err != nil || !s.bundled() || len(service.Command) == 0 {
		return "", err
	}
	unknown, err = tryProgram(ctx, h, s.Name, append(service.Command, "--check"), service.Environment...)
	if err != nil || s.TLSCert == "" {
		return unknown, err
	}
	more, err := tryPair(h, s)
	return strings.TrimPrefix(unknown+"; "+more, "; "), err
}

func tryProgram(ctx context.Context, h host.Host, name string, argv []string, env ...string) (unknown string, err error) {
	_, err = h.RunProgram(ctx, host.Program{Name: argv[0], Args: argv[1:], Env: env, Time: trialTime, Unprivileged: true})
	var failed *host.ProgramError
	switch {
	case err == nil:
		return "", nil
	case !errors.As(err, &failed):
		return "", err
	}
	// It speaks of itself by its name, which the message about the service replaces.
	said, ours := strings.CutPrefix(failed.Stderr, "tcptune-server: ")
	if !ours || strings.Contains(said, "--check: there is no such flag") {
		return fmt.Sprintf("whether %s can serve so is not known before it is started: it has no --check", argv[0]), nil
	}
	return "", &report.Error{
		Code: "check-failed", Message: fmt.Sprintf("cannot serve %s: %s", name, said),
		Hint: "nothing was changed; tcptune-server --check --help lists what it takes",
	}
}

// largestKeyFile is how long the file of a certificate and its chain, or of a key, may be for tcptune-server.
const largestKeyFile = 1 << 20

// tryPair reads the certificate and its key as systemd does, as root, and puts them together as the server does.
func tryPair(h host.Host, s Spec) (unknown string, err error) {
	var texts [2][]byte
	for i, file := range []string{s.TLSCert, s.TLSKey} {
		texts[i], err = h.ReadFile(file)
		switch {
		case errors.Is(err, os.ErrPermission):
			return fmt.Sprintf("whether %s fits its certificate is not known: reading it needs root", s.TLSKey), nil
		case err != nil:
			return "", fmt.Errorf("cannot serve TLS: cannot read %s: %w", file, host.Cause(err))
		case len(texts[i]) > largestKeyFile:
			return "", fmt.Errorf("cannot serve TLS: %s has more than %d bytes", file, largestKeyFile)
		}
	}
	if s.TLSClientCA != "" {
		text, err := h.ReadFile(s.TLSClientCA)
		if err != nil {
			return "", fmt.Errorf("cannot serve TLS: cannot read %s: %w", s.TLSClientCA, host.Cause(err))
		}
		if !x509.NewCertPool().AppendCertsFromPEM(text) {
			return "", &report.Error{
				Code: "check-failed", Message: fmt.Sprintf("cannot serve %s: %s has no certificate of an authority", s.Name, s.TLSClientCA),
				Hint: "nothing was changed",
			}
		}
	}
	if _, err := tls.X509KeyPair(texts[0], texts[1]); err != nil {
		return "", &report.Error{
			Code: "check-failed", Message: fmt.Sprintf("cannot serve %s: %s and %s are no pair: %v", s.Name, s.TLSCert, s.TLSKey, err),
			Hint: "nothing was changed",
		}
	}
	return "", nil
}
