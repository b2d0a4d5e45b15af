package admin

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tcptune/tcptune/server"
	"github.com/tcptune/tcptune/server/pool"
)

// Source is what is shown, and by which names.
type Source struct {
	Server   *server.Server   // needed
	Pool     *pool.Pool       // nil: there is none
	Protocol string           // a label
	Version  string           // a label
	Started  time.Time        // for the uptime
	Expires  func() time.Time // when the certificate of TLS does; nil: there is none
	// Stuck is the time in which every accept loop comes by, some times the Wake of [server.Config]; /readyz fails when
	// one does not.
	Stuck time.Duration
	// Limits are those that hold, by name; nil: they are not shown.
	Limits func() map[string]string
}

// Handler serves:
//
//	/metrics       for Prometheus
//	/healthz       200 while the process runs
//	/readyz        200 while connections are accepted, 503 while the server drains
//	/statusz       what the server does, as JSON; see [Status]
//	/debug/connz   connections, the oldest first; ?n=100 as many, ?sort=bytes by what they have moved
//	/debug/pprof/  profiles, see net/http/pprof
//
// It is for a socket that only root and the service itself may open: it shows who is connected, and profiles.
func (s Source) Handler() http.Handler {
	mux := http.NewServeMux()
	s.handle(mux)
	mux.HandleFunc("GET /debug/connz", s.connections)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// LocalHandler serves the same but for what is below /debug, to any user of this host: for a TCP socket on a loopback
// address. A request has to name that as its Host, or "localhost": a page in a browser on this host may have any other
// name resolve to it (DNS rebinding), and read what it is answered.
func (s Source) LocalHandler() http.Handler {
	mux := http.NewServeMux()
	s.handle(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocal(r.Host) {
			http.Error(w, "the Host is not that of the loopback", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback() || strings.EqualFold(strings.TrimSuffix(host, "."), "localhost")
}

// handle adds what may be shown to any user of this host.
func (s Source) handle(mux *http.ServeMux) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newServerCollector(s), newRuntimeCollector(),
	)
	if s.Pool != nil {
		registry.MustRegister(newPoolCollector(s.Pool))
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /statusz", s.status)
}

func (s Source) ready(w http.ResponseWriter, _ *http.Request) {
	switch {
	case s.Server.Draining():
		http.Error(w, "draining", http.StatusServiceUnavailable)
	case !s.Server.Advancing(s.Stuck):
		http.Error(w, "not accepting", http.StatusServiceUnavailable)
	default:
		_, _ = io.WriteString(w, "ready\n")
	}
}

// Status is the JSON of /statusz. Its fields are those of [server.Stats].
type Status struct {
	Protocol string            `json:"protocol"`
	Version  string            `json:"version"`
	Draining bool              `json:"draining"`
	Active   int               `json:"active"`
	Queued   int               `json:"queued"`
	MaxConns int               `json:"max_conns"`
	Accepted uint64            `json:"accepted"`
	Refused  map[string]uint64 `json:"refused"` // by reason
	Messages uint64            `json:"messages"`
	BytesIn  uint64            `json:"bytes_in"`
	BytesOut uint64            `json:"bytes_out"`
	Uptime   int64             `json:"uptime_seconds"`
	Expires  string            `json:"certificate_expires,omitempty"` // as in RFC 3339
	Limits   map[string]string `json:"limits,omitempty"`              // that hold, by the names of the flags
}

// Now is the status at this moment.
func (s Source) Now() Status {
	st := s.Server.Stats()
	status := Status{
		Protocol: s.Protocol, Version: s.Version, Draining: st.Draining, Active: st.Active,
		Queued: st.Queued, MaxConns: st.MaxConns, Accepted: st.Accepted, Refused: map[string]uint64{},
		Messages: st.Messages, BytesIn: st.BytesIn, BytesOut: st.BytesOut,
		Uptime: int64(time.Since(s.Started).Seconds()),
	}
	if s.Expires != nil {
		status.Expires = s.Expires().UTC().Format(time.RFC3339)
	}
	for why, n := range st.Refused {
		status.Refused[why.String()] = n
	}
	return status
}

func (s Source) status(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	now := s.Now()
	if s.Limits != nil { // not in Now, which protocols show to clients
		now.Limits = s.Limits()
	}
	_ = json.NewEncoder(w).Encode(now)
}

// The number of connections that connz shows.
const (
	someConns = 100
	mostConns = 100_000
)

func (s Source) connections(w http.ResponseWriter, r *http.Request) {
	n := someConns
	if text := r.FormValue("n"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > mostConns {
			http.Error(w, fmt.Sprintf("n is a number from 1 to %d", mostConns), http.StatusBadRequest)
			return
		}
	}
	order := server.ByAge
	if r.FormValue("sort") == "bytes" {
		order = server.ByBytes
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tw, "remote\tage\tstate\tfor\tbytes in\tbytes out\tmessages\t\n")
	for _, c := range s.Server.Conns(n, order) {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t\n", c.Remote,
			c.Age.Round(time.Millisecond), c.State, c.InState.Round(time.Millisecond), c.BytesIn, c.BytesOut, c.Messages)
	}
	_ = tw.Flush()
}
