package bench

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// Protocol is what is spoken with the service.
type Protocol string

// The protocols.
const (
	Raw     Protocol = "raw"     // messages of one size, which come back as they were sent
	Send    Protocol = "send"    // messages of one size that nobody answers
	Receive Protocol = "receive" // nothing is sent; what comes is counted
	Line    Protocol = "line"    // a line, answered by a line
	Frame   Protocol = "frame"   // four bytes of length, big-endian, and the payload; the answer is the same
	HTTP    Protocol = "http"    // HTTP/1.1 with keep-alive
	Connect Protocol = "connect" // a new connection each time, and nothing said
	Talk    Protocol = "talk"    // a new connection for each message of raw
)

// Protocols are all of them, in the order in which they are explained.
func Protocols() []Protocol { return []Protocol{Raw, Send, Receive, Line, Frame, HTTP, Connect, Talk} }

// single reports whether each request has a connection of its own.
func (p Protocol) single() bool { return p == Connect || p == Talk }

// Target is where the service is.
type Target struct {
	Name string         // as it was asked for
	Addr netip.AddrPort // of TCP
	Path string         // of a Unix socket, instead
	TLS  *tls.Config    // nil for none
}

// Options are what is to be done. Numbers that are 0 mean none, or the default that is named.
type Options struct {
	Target   Target
	Protocol Protocol

	Size    int    // bytes of a message, with its end or its length
	Payload []byte // instead of a made-up message: the text of a line, the payload of a frame, the body of a POST
	Expect  []byte // what each answer of line, frame and http must contain
	Path    string // of HTTP
	Host    string // of HTTP

	Conns       int
	Pipeline    int     // requests under way on a connection
	Rate        float64 // requests a second over all connections; 0 is the closed loop
	ConnectRate float64 // connections a second while they are opened; 0 is as fast as they are taken
	Think       time.Duration

	Warmup, Duration time.Duration
	Count            uint64 // end after so many requests, if the duration has not ended it
	Timeout          time.Duration

	// Mark is called when the measured time begins, and when it ends, from the thread of the first worker: a caller can read
	// clocks of its own for the same span. It may be nil.
	Mark func() error

	// Near is told, before the first connection, of each limit of this host that the test meets or comes near to. It may be nil.
	Near func(report.BenchLimit)

	CPUs    []int        // processors that the threads are bound to, in turn; none is wherever the kernel puts them
	Workers int          // threads; 0 is one a core, half of them for a service on this machine
	Sources []netip.Addr // addresses to connect from; none is the system's choice, and on loopback as many as are needed
}

// The bounds of the options.
const (
	MaxConns    = 1 << 20
	MaxPipeline = 1 << 12
	MaxSize     = 64 << 20
	MaxRate     = 1e8
	MaxDuration = 24 * time.Hour

	minStamp = 16 // bytes of the number that makes each message its own
)

// Validate says what cannot be done.
func (o Options) Validate() error {
	refuse := func(format string, args ...any) error {
		return report.Usage(fmt.Sprintf(format, args...), "see tcptune bench --help")
	}
	switch {
	case !slices.Contains(Protocols(), o.Protocol):
		return refuse("cannot speak %q: it is one of %v", o.Protocol, Protocols())
	case o.Conns < 1 || o.Conns > MaxConns:
		return refuse("cannot use %d connections: from 1 to %d", o.Conns, MaxConns)
	case o.Pipeline < 1 || o.Pipeline > MaxPipeline:
		return refuse("cannot use a pipeline of %d: from 1 to %d", o.Pipeline, MaxPipeline)
	case o.Size < 1 || o.Size > MaxSize:
		return refuse("cannot use messages of %d bytes: from 1 to %d", o.Size, MaxSize)
	case !(o.Rate >= 0 && o.Rate <= MaxRate), !(o.ConnectRate >= 0 && o.ConnectRate <= MaxRate):
		return refuse("cannot use this rate: from 0 to %.0f a second", float64(MaxRate))
	case o.Duration <= 0 || o.Duration > MaxDuration || o.Warmup < 0 || o.Warmup > MaxDuration:
		return refuse("cannot run for %s after %s: up to %s", o.Duration, o.Warmup, MaxDuration)
	case o.Timeout <= 0:
		return refuse("cannot wait %s for an answer", o.Timeout)
	case o.Think < 0:
		return refuse("cannot think for %s", o.Think)
	case o.Rate > 0 && o.ConnectRate > 0 && o.Protocol.single():
		return refuse("cannot use a connect rate in an open loop of %s: its rate is that of connections", o.Protocol)
	case o.Rate > 0 && o.Think > 0:
		return refuse("cannot think in an open loop: its rate says when a request is due")
	case o.Pipeline > 1 && o.Protocol.single():
		return refuse("cannot pipeline where each request has a connection of its own")
	case o.Rate > 0 && (o.Protocol == Receive):
		return refuse("cannot set the rate of what is received: the service does")
	case o.Workers < 0 || o.Workers > o.Conns:
		return refuse("cannot use %d threads for %d connections", o.Workers, o.Conns)
	case len(o.Payload) > 0 && o.Protocol != Line && o.Protocol != Frame && o.Protocol != HTTP:
		return refuse("cannot use a payload with protocol %s: it is for line, frame and http", o.Protocol)
	case len(o.Expect) > 0 && o.Protocol != Line && o.Protocol != Frame && o.Protocol != HTTP:
		return refuse("cannot look into the answers of protocol %s: that is for line, frame and http", o.Protocol)
	}
	return nil
}
