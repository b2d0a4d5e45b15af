package fetch

import (
	"context"
	"net/url"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// proxy is an entry of GOPROXY.
type proxy struct {
	base     string // without a slash at the end
	anyError bool   // "|" follows: the next one is tried after any error, not only after 404 and 410
}

// proxies reads GOPROXY up to "direct" or "off": https://go.dev/ref/mod#goproxy-protocol. What direct means for a
// toolchain is the other source, so there is nothing behind it.
func (e GoEnv) proxies() ([]proxy, error) {
	var list []proxy
	for rest := e.Proxy; rest != ""; {
		entry, after := rest, ""
		at := strings.IndexAny(rest, ",|")
		if at >= 0 {
			entry, after = rest[:at], rest[at+1:]
		}
		anyError := at >= 0 && rest[at] == '|'
		rest = after
		switch entry = strings.TrimSpace(entry); entry {
		case "":
			continue
		case "direct", "off", "noproxy":
			rest = ""
			continue
		}
		u, err := url.Parse(entry)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return nil, Fail(BadSetting, "it is a list of https://… addresses", "cannot use %s, an entry of GOPROXY",
				redacted(entry))
		}
		list = append(list, proxy{base: strings.TrimRight(entry, "/"), anyError: anyError})
	}
	return list, nil
}

// Proxies is the list for a person, without credentials.
func (e GoEnv) Proxies() string {
	list, err := e.proxies()
	if err != nil {
		return err.Error()
	}
	var said []string
	for _, p := range list {
		said = append(said, redacted(p.base))
	}
	return strings.Join(said, ", ")
}

// tryProxies asks one proxy after the other, until one answers or fails in a way that the list does not let pass.
func tryProxies(ctx context.Context, list []proxy, ask func(base string) error) error {
	err := error(Fail(Unreachable, "set GOPROXY, or go.proxy in tcptune.yaml",
		"cannot get a module: GOPROXY names no proxy"))
	for _, p := range list {
		err = ask(p.base)
		if err == nil || ctx.Err() != nil || !report.Is(err, Unreachable) || !gone(err) && !p.anyError {
			return err
		}
	}
	return err
}
