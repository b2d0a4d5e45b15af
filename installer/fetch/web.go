package fetch

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/trail"
)

const (
	maxRedirects = 5
	maxRetries   = 4 // of one request; a download that goes on from where it broke starts to count anew
)

// web asks servers. It follows HTTPS_PROXY and NO_PROXY (net/http), trusts the system's certificates and those of
// Config.CAFile, and never leaves https for http.
type web struct {
	client   *retryablehttp.Client
	patience time.Duration
	trail    trail.Trail
}

func (c Config) web() (web, error) {
	trusted, err := trust(c.CAFile)
	if err != nil {
		return web{}, err
	}
	patience := cmp.Or(c.Patience, defaultPatience)
	client := retryablehttp.NewClient()
	client.Logger = nil
	client.RetryMax = maxRetries
	client.Backoff = backoff(patience)
	client.CheckRetry = retriable
	client.ErrorHandler = retryablehttp.PassthroughErrorHandler // the last answer says more than "giving up"
	client.HTTPClient = &http.Client{
		CheckRedirect: checkRedirect,
		Transport: &http.Transport{ // of HTTP/1.1: one file is fetched at a time, and HTTP/2 is left out of the program
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: patience}).DialContext,
			TLSClientConfig:       &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:   patience,
			ResponseHeaderTimeout: patience,
			IdleConnTimeout:       patience,
			DisableCompression:    true, // what is hashed and resumed is what was stored
		},
	}
	return web{client: client, patience: patience, trail: c.Trail}, nil
}

// ReadCA reads a file of certificates to trust.
func ReadCA(file string) ([]byte, error) {
	return host.ReadNamed(file, host.Bound{Bytes: 4 << 20, Of: "a file of certificates"})
}

// trust returns the certificates to trust: nil, which is those of the system, or those and the ones of a file.
func trust(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pem, err := ReadCA(file)
	if err != nil {
		return nil, Fail(BadSetting, "", "cannot read the certificates to trust").Because(err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, Fail(BadSetting, "", "cannot use %s: there is no PEM certificate in it", file)
	}
	return pool, nil
}

// backoff doubles the wait from a thirtieth of the patience on. A server that asks for more (Retry-After) does not get
// more than the whole of it.
func backoff(patience time.Duration) retryablehttp.Backoff {
	return func(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
		return min(retryablehttp.DefaultBackoff(patience/30, patience, attempt, resp), patience)
	}
}

var errDowngrade = errors.New("it redirects from https to an address that is not")

func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	}
	if was := via[len(via)-1].URL.Scheme; req.URL.Scheme != "https" && req.URL.Scheme != was {
		return errDowngrade
	}
	return nil
}

// retriable leaves alone what another try would only repeat.
func retriable(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if errors.Is(err, errDowngrade) {
		return false, nil
	}
	return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
}

// statusError is an answer other than the one that was asked for.
type statusError struct{ code int }

// Is lets every answer that is none count as [errNoList].
func (e statusError) Is(err error) bool { return err == errNoList }

func (e statusError) Error() string { return fmt.Sprintf("%d %s", e.code, http.StatusText(e.code)) }

// gone reports whether the server is there and says that what was asked for is not.
func gone(err error) bool {
	var status statusError
	return errors.As(err, &status) && (status.code == http.StatusNotFound || status.code == http.StatusGone)
}

// open sends a request with these headers and returns the answer, whose status is one of good.
func (w web) open(ctx context.Context, address string, header http.Header, good ...int) (*http.Response, error) {
	since := time.Now()
	resp, err := w.request(ctx, address, header, good...)
	if w.trail.On() {
		answer := ""
		if err == nil {
			answer = fmt.Sprintf("%s, %d bytes", resp.Status, resp.ContentLength)
		}
		said := err
		if told, ok := errors.AsType[*report.Error](err); ok && told.Err != nil {
			said = told.Err // without the address, whose query may hold a token
		}
		w.trail.Asks("server", "GET "+trail.URL(address), since, answer, said)
	}
	return resp, err
}

func (w web) request(ctx context.Context, address string, header http.Header, good ...int) (*http.Response, error) {
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, Fail(BadSetting, "", "cannot use the address %q", address).Because(bare(err))
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", "tcptune")
	resp, err := w.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, unreachable(address, err)
	}
	for _, code := range good {
		if resp.StatusCode == code {
			return resp, nil
		}
	}
	_ = resp.Body.Close()
	return nil, unreachable(address, statusError{resp.StatusCode})
}

// get returns a document of at most this many bytes.
func (w web) get(ctx context.Context, address string, most int64) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, (maxRetries+1)*2*w.patience, unreachable(address, errSlow))
	defer cancel()
	resp, err := w.open(ctx, address, nil, http.StatusOK)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body := newPatient(resp.Body, w.patience)
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, most+1))
	if err != nil {
		return nil, unreachable(address, err)
	}
	if int64(len(data)) > most {
		return nil, unreachable(address, fmt.Errorf("it sends more than the %d KiB that are plausible", most>>10))
	}
	if page(data) {
		return nil, unreachable(address, errPage)
	}
	return data, nil
}

var errPage error = noList("it answers with a web page: a portal, a block page or not a mirror of Go")

// noList is an error that is also [errNoList].
type noList string

func (e noList) Error() string     { return string(e) }
func (e noList) Is(err error) bool { return err == errNoList || err == error(e) }

// page reports whether data begins as an HTML document, see https://mimesniff.spec.whatwg.org/.
func page(data []byte) bool {
	data = bytes.TrimLeft(data[:min(len(data), 512)], "\xef\xbb\xbf \t\r\n\f")
	return bytes.HasPrefix(data, []byte("<"))
}

func unreachable(address string, err error) *report.Error {
	e := Fail(Unreachable, "", "cannot get %s", redacted(address)).Because(bare(err))
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		e.Hint = "if a proxy opens TLS here, name its certificate: --ca-file FILE"
	}
	return e
}

// bare drops the method and the address that package net/http puts before an error: they have been said.
func bare(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

// redacted returns an address without the password that may be in it.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an unreadable address"
	}
	return u.Redacted()
}
