package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
)

// systemCA stands for the authorities that this host trusts.
const systemCA = "system"

// upstreamTLS is how upstreams are known, and how this server proves to them who it is. A reload reads it again, for
// connections that are made from then on.
type upstreamTLS struct {
	caFile            string // or systemCA
	name              string // that their certificates have; "": the host of their address
	certFile, keyFile string // "": none is shown
	now               atomic.Pointer[tls.Config]
}

// newUpstreamTLS is nil where connections to upstreams are not encrypted.
func newUpstreamTLS(o options, environ []string) (*upstreamTLS, error) {
	u := &upstreamTLS{caFile: o.upstreamCA, name: o.upstreamName, certFile: o.upstreamCert, keyFile: o.upstreamKey}
	if dir := lookup(environ, "CREDENTIALS_DIRECTORY"); dir != "" {
		for file, to := range map[string]*string{"upstream-ca.crt": &u.caFile, "upstream.crt": &u.certFile, "upstream.key": &u.keyFile} {
			file = filepath.Join(dir, file)
			if _, err := os.Stat(file); *to == "" && err == nil {
				*to = file
			}
		}
	}
	switch {
	case u.caFile == "" && (u.name != "" || u.certFile != "" || u.keyFile != ""):
		return nil, errors.New("cannot speak TLS to upstreams without --upstream-ca, which says whom to trust: a file, or system")
	case u.caFile == "":
		return nil, nil
	case o.protocol != relay:
		return nil, errors.New("cannot use --upstream-ca without --protocol relay")
	case (u.certFile == "") != (u.keyFile == ""):
		return nil, errors.New("cannot speak TLS to upstreams: --upstream-cert and --upstream-key belong together")
	}
	return u, u.read()
}

// read takes up what the files hold. Where they cannot be used the former ones stay.
func (u *upstreamTLS) read() error {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.name}
	if u.caFile != systemCA {
		authorities, err := readFile(u.caFile, largestKeyFile)
		if err != nil {
			return fmt.Errorf("cannot speak TLS to upstreams: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(authorities) {
			return fmt.Errorf("cannot speak TLS to upstreams: %s has no certificate of an authority", u.caFile)
		}
	}
	if u.certFile != "" {
		pair, err := keyPair(u.certFile, u.keyFile)
		if err != nil {
			return fmt.Errorf("cannot speak TLS to upstreams: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	u.now.Store(config)
	return nil
}

// dial makes a connection to an upstream whose certificate is as it should be.
func (u *upstreamTLS) dial(ctx context.Context, address string) (net.Conn, error) {
	return (&tls.Dialer{Config: u.now.Load()}).DialContext(ctx, "tcp", address)
}
