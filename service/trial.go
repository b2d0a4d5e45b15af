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
	return s.try(ctx, h, s.command(limits...))
}

// try asks the program, and reads the files that only systemd and root may.
func (s Spec) try(ctx context.Context, h host.Host, argv []string, env ...string) (unknown string, err error) {
	if s.UpstreamCA != "" { // the file is a credential, which the trial does not get
		argv = append(argv, "--upstream-ca", systemCA)
	}
	if unknown, err = tryProgram(ctx, h, s.Name, argv, env...); err != nil {
		return unknown, err
	}
	more, err := tryFiles(h, s)
	return strings.TrimPrefix(strings.TrimSuffix(unknown+"; "+more, "; "), "; "), err
}

// TryRestart is [Try] for a service that is installed: with its files as they are, its unit as systemd has it, drop-ins
// included, and its sockets. It asks before the old process is told to go.
func TryRestart(ctx context.Context, h host.Host, s Spec) (unknown string, err error) {
	if err := CheckFiles(h, s); err != nil {
		return "", err
	}
	sockets, err := s.front(ctx, h.SystemManager())
	if err != nil {
		return "", err
	}
	service, err := h.SystemManager().Unit(ctx, s.Name+".service")
	if err != nil {
		return "", err
	}
	kernel, err := lookUp(h, sockets.open().listen())
	if err != nil {
		return "", err
	}
	for _, socket := range sockets.open() { // the others are opened by the restart
		if why := kernel.closed(socket.Listen); why != nil {
			return "", &report.Error{
				Code:    "not-open",
				Message: fmt.Sprintf("cannot restart: %s, whatever systemd says of %s", strings.Join(why, ", "), socket.Name),
				Hint:    "run: " + reopens(service, socket),
			}
		}
	}
	if !s.bundled() || len(service.Command) == 0 {
		return "", nil
	}
	return s.try(ctx, h, append(service.Command, "--check"), service.Environment...)
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
	switch unknown = fmt.Sprintf("whether %s can serve so is not known before it is started: ", argv[0]); {
	case strings.Contains(failed.Stderr, "--check: there is no such flag"),
		strings.Contains(failed.Stderr, "not defined: -check"):
		return unknown + "it has no --check", nil
	case !ours: // it was killed, or is another program
		return unknown + host.Cause(failed).Error(), nil
	}
	return "", &report.Error{
		Code: "check-failed", Message: fmt.Sprintf("cannot serve %s: %s", name, said),
		Hint: "nothing was changed; tcptune-server --check --help lists what it takes",
	}
}

// largestKeyFile is how long the file of a certificate and its chain, or of a key, may be for tcptune-server.
const largestKeyFile = 1 << 20

// tryFiles reads certificates and keys as systemd does, as root, and puts them together as the server does.
func tryFiles(h host.Host, s Spec) (unknown string, err error) {
	texts := map[string][]byte{}
	for _, c := range s.credentials() {
		text, err := h.ReadFile(c.File)
		switch {
		case errors.Is(err, os.ErrPermission):
			return fmt.Sprintf("whether %s can be used is not known: reading it needs root", c.File), nil
		case err != nil:
			return "", fmt.Errorf("cannot serve %s: cannot read %s: %w", s.Name, c.File, host.Cause(err))
		case len(text) > largestKeyFile:
			return "", fmt.Errorf("cannot serve %s: %s has more than %d bytes", s.Name, c.File, largestKeyFile)
		}
		texts[c.flag] = text
	}
	no := func(format string, args ...any) error {
		return &report.Error{
			Code: "check-failed", Message: fmt.Sprintf("cannot serve %s: "+format, append([]any{s.Name}, args...)...), Hint: "nothing was changed",
		}
	}
	for _, pair := range [][4]string{
		{"tls-cert", "tls-key", s.TLSCert, s.TLSKey}, {"upstream-cert", "upstream-key", s.UpstreamCert, s.UpstreamKey},
	} {
		if texts[pair[0]] == nil {
			continue
		}
		if _, err := tls.X509KeyPair(texts[pair[0]], texts[pair[1]]); err != nil {
			return "", no("%s and %s are no pair: %v", pair[2], pair[3], err)
		}
	}
	for flag, file := range map[string]string{"tls-client-ca": s.TLSClientCA, "upstream-ca": s.UpstreamCA} {
		if text, there := texts[flag]; there && !x509.NewCertPool().AppendCertsFromPEM(text) {
			return "", no("%s has no certificate of an authority", file)
		}
	}
	return "", nil
}
