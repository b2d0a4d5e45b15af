package server

// Reason is why a connection was refused or has ended. As an error it is the cause of the context of a [StreamHandler],
// see [context.Cause], and what that may return to say why its connection has ended.
type Reason uint32

// Why connections are refused, and why they end. Names of fields are those of [Limits].
const (
	notEnded Reason = iota

	QueueFull    // MaxConns are served, and Queue more are waiting
	QueueTimeout // waited for QueueTimeout
	ClientRate   // ClientRate: too many connections from this address
	ClientConns  // ClientConns: as many connections of this address as there may be

	ClientClosed // the client has closed it
	Idle         // IdleTimeout
	SlowRead     // ReadTimeout: a message did not arrive whole
	SlowWrite    // WriteTimeout: the client does not take its answers
	SlowRate     // MinRate: the client takes them, and too slowly
	Total        // TotalTimeout
	OutputFull   // MaxOutput, also of those that wait: no memory for a client that does not take its answers
	InputFull    // MaxInput: no memory for a message that has not arrived whole, and this client holds the most
	TooLong      // a message above the limit of the protocol
	BadMessage   // another error of the protocol
	BadTLS       // the handshake failed
	BadProxy     // no header of the PROXY protocol from a network of ProxyFrom, or a wrong one
	Drained      // the server stops, and nothing was in flight
	DrainTimeout // [Server.Close]: the server stops, and does not wait any longer
	Broken       // the network says so: connection reset
	Panicked     // the handler did; the server goes on

	reasons // how many there are
)

// String is the label of the reason in metrics: "idle_timeout".
func (r Reason) String() string {
	return [reasons + 1]string{
		"", "queue_full", "queue_timeout", "client_rate", "client_conns",
		"client_closed", "idle_timeout", "read_timeout", "write_timeout", "min_rate", "total_timeout", "output_full", "input_full",
		"too_long", "bad_message", "bad_tls", "bad_proxy", "drained", "drain_timeout", "broken", "panic", "",
	}[min(r, reasons)]
}

// Error is the same text as String.
func (r Reason) Error() string { return r.String() }

// Refusals are the reasons for which a connection is not served at all.
func Refusals() []Reason { return []Reason{QueueFull, QueueTimeout, ClientRate, ClientConns} }

// Endings are the reasons for which a connection that was served has ended.
func Endings() (all []Reason) {
	for r := ClientClosed; r < reasons; r++ {
		all = append(all, r)
	}
	return all
}
