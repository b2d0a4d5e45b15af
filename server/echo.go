package server

// Echo sends back what it gets.
type Echo struct{}

// Handle answers each arrival as one message, with the very bytes.
func (Echo) Handle(out, in []byte) (Step, error) {
	if len(out) == 0 {
		return Step{in, len(in), 1}, nil
	}
	return Step{append(out, in...), len(in), 1}, nil
}

// Discard takes what it gets, and answers nothing (RFC 863).
type Discard struct{}

// Handle takes each arrival as one message.
func (Discard) Handle(out, in []byte) (Step, error) { return Step{out, len(in), 1}, nil }
