package bench

import "time"

// state is what a connection is doing.
type state uint8

const (
	idle       state = iota // not open: since says from when on it may be opened
	connecting              // since says since when
	shaking                 // hands: TLS, in a goroutine
	open
)

// conn is one connection, or the place of one: a lost one is opened again in it.
type conn struct {
	id        int // over all workers
	fd        int
	opened    uint32 // how often, so that a late event of the one before is known
	state     state
	waiting   bool  // in the worker's queue of those that have room for a request
	last      bool  // the answer says that the service closes the connection behind it
	extension bool  // of a chunk is being skipped
	found     bool  // what the answer must contain
	stage     uint8 // of the answer that is being read

	asked, answered uint64 // since ever; what is between them is under way
	thinking        int    // requests that are asked when their time comes, also on a connection that was opened again
	first, groups   int    // of the worker's groups of requests that are under way
	got, need       int    // of the answer that is being read
	since           time.Duration
	hold            []byte // a part of an answer that must be kept: of its head, or the end of what was looked through
	out             []byte // of requests that the socket has not taken yet
	tls             *secure
}

func (c *conn) underWay() int { return int(c.asked - c.answered) }

// asking is when requests were due, and when they were sent, since the begin: so many at once.
type asking struct {
	due, sent time.Duration
	n         int
}
