package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// certificate is what TLS is served with: the pair, and the authorities of clients. A reload reads it again, and so does
// who sees that its files have changed.
type certificate struct {
	certFile, keyFile string
	caFile            string // of the authorities; "": clients need no certificate
	protocols         []string
	seen              [3]string                  // of the files, for watch
	now               atomic.Pointer[tls.Config] // a new one each time, so that nobody resumes a session of the former
}

// newCertificate is nil where TLS is not asked for.
func newCertificate(o options, environ []string) (*certificate, error) {
	c := &certificate{certFile: o.tlsCert, keyFile: o.tlsKey, caFile: o.tlsClientCA}
	if dir := lookup(environ, "CREDENTIALS_DIRECTORY"); dir != "" {
		there := func(name string) string {
			file := filepath.Join(dir, name)
			if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
				return ""
			}
			return file
		}
		if c.certFile == "" && there("tls.crt") != "" {
			c.certFile, c.keyFile = there("tls.crt"), filepath.Join(dir, "tls.key")
		}
		if c.caFile == "" {
			c.caFile = there("tls-client-ca.crt")
		}
	}
	switch {
	case c.certFile == "" && c.caFile != "":
		return nil, errors.New("cannot use --tls-client-ca without a certificate of the server's own")
	case c.certFile == "":
		return nil, nil
	}
	if o.protocol == "http" { // RFC 7301: a client that offers only others is told so, rather than answered in a wrong one
		c.protocols = []string{"http/1.1"}
	}
	c.seen = c.stamps()
	return c, c.read()
}

// config is that of a server whose certificate may be renewed while it serves.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.now.Load(), nil },
	}
}

// read takes up what the files hold. Where they cannot be used the former ones stay.
func (c *certificate) read() error {
	pair, err := keyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("cannot serve TLS: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: c.protocols}
	if c.caFile != "" {
		authorities, err := readFile(c.caFile, largestKeyFile)
		if err != nil {
			return fmt.Errorf("cannot ask clients for certificates: %w", err)
		}
		config.ClientCAs, config.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if !config.ClientCAs.AppendCertsFromPEM(authorities) {
			return fmt.Errorf("cannot ask clients for certificates: %s has none of an authority", c.caFile)
		}
	}
	c.now.Store(config)
	return nil
}

// expires is when the first certificate of the chain does.
func (c *certificate) expires() time.Time { return c.now.Load().Certificates[0].Leaf.NotAfter }

// watchPace is how often the files are looked at: stat(2) follows the links of ACME clients and works on each file system,
// where inotify(7) does neither.
const watchPace = 5 * time.Second

// watch reads the files again when they have changed. A pair is renewed one file after the other: what does not fit is
// read once more when the next one has changed.
func (c *certificate) watch(ctx context.Context, log *slog.Logger) {
	ticker := time.NewTicker(watchPace)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := c.stamps()
		if now == c.seen {
			continue
		}
		c.seen = now
		if err := c.read(); err != nil {
			log.Warn("cannot take up the changed certificate; the former one stays", "error", err)
			continue
		}
		log.Info("certificate renewed", "file", c.certFile, "expires", c.expires().UTC().Format(time.RFC3339))
	}
}

// stamps are by what a change of the files can be told.
func (c *certificate) stamps() (all [3]string) {
	for i, file := range []string{c.certFile, c.keyFile, c.caFile} {
		if fi, err := os.Stat(file); err == nil {
			all[i] = fmt.Sprint(fi.ModTime().UnixNano(), fi.Size())
			if st, ok := fi.Sys().(*syscall.Stat_t); ok { // a file that was copied with its time
				all[i] += fmt.Sprint(" ", st.Ino, st.Ctim.Nano())
			}
		}
	}
	return all
}

// largestKeyFile is how long the file of a certificate and its chain, or of a key, may be.
const largestKeyFile = 1 << 20

func keyPair(certFile, keyFile string) (pair tls.Certificate, err error) {
	cert, err := readFile(certFile, largestKeyFile)
	if err != nil {
		return pair, err
	}
	key, err := readFile(keyFile, largestKeyFile)
	if err != nil {
		return pair, err
	}
	return tls.X509KeyPair(cert, key)
}
