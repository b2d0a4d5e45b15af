package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// AdminSocket is the Unix socket of the bundled server called name, which only root may open: it shows who is connected,
// and profiles.
func AdminSocket(name string) string { return "/run/" + name + "-admin.sock" }

// ProfileKinds are the profiles that a bundled server makes, the first one over some time.
func ProfileKinds() []string { return []string{"cpu", "heap", "goroutine"} }

// largestProfile bounds what is believed of a server.
const largestProfile = 256 << 20

// Profile asks the server at a Unix socket for a profile of a kind, in the format of pprof, and writes it to out. That of
// cpu takes as long as lasts.
func Profile(ctx context.Context, socket, kind string, lasts time.Duration, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, lasts+probeTime)
	defer cancel()
	path := "/debug/pprof/" + kind
	if kind == "cpu" {
		path = "/debug/pprof/profile?seconds=" + strconv.Itoa(int(lasts.Seconds()))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{
		DisableKeepAlives: true, DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	var asked *url.Error
	if errors.As(err, &asked) {
		err = plainly(asked.Err)
	}
	if err != nil {
		return fmt.Errorf("cannot get a profile: %s: %w", socket, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("cannot get a profile: %s answers %s", socket, response.Status)
	}
	n, err := io.Copy(out, io.LimitReader(response.Body, largestProfile))
	switch {
	case err != nil:
		return fmt.Errorf("cannot get a whole profile: %w", plainly(err))
	case n == 0 || n == largestProfile:
		return fmt.Errorf("cannot use a profile of %d bytes: that is none", n)
	}
	return nil
}
