package bench

import (
	"errors"

	"golang.org/x/sys/unix"
)

// kind is why a request failed.
type kind uint8

const (
	none kind = iota
	refused
	reset
	closed
	unreachable
	timedOut
	connectTimedOut
	wrongAnswer
	malformed
	status4xx
	status5xx
	noPort
	noFiles
	noMemory
	noHandshake
	noPath
	forbidden
	noSource
	interrupted
	otherwise
	kinds
)

// words are the kinds as reports have them.
var words = [kinds]string{
	none: "", refused: "refused", reset: "reset", closed: "closed", unreachable: "unreachable", timedOut: "timeout",
	connectTimedOut: "connect-timeout", wrongAnswer: "wrong-answer", malformed: "malformed-answer", status4xx: "status-4xx",
	status5xx: "status-5xx", noPort: "no-local-port", noFiles: "no-descriptor", noMemory: "no-memory", noHandshake: "tls",
	noPath: "no-socket", forbidden: "not-permitted",
	noSource: "no-such-source", interrupted: "interrupted", otherwise: "other",
}

func (k kind) String() string { return words[k] }

func (k kind) Error() string { return words[k] }

// kindOf is the kind of an error of a system call.
func kindOf(err error) kind {
	var k kind
	if errors.As(err, &k) {
		return k
	}
	for _, k := range []struct {
		kind kind
		nums []unix.Errno
	}{
		{refused, []unix.Errno{unix.ECONNREFUSED, unix.EAGAIN}}, // EAGAIN: the backlog of a Unix socket is full
		{reset, []unix.Errno{unix.ECONNRESET, unix.EPIPE, unix.ECONNABORTED}},
		{unreachable, []unix.Errno{unix.ENETUNREACH, unix.EHOSTUNREACH, unix.ENETDOWN, unix.EHOSTDOWN}},
		{connectTimedOut, []unix.Errno{unix.ETIMEDOUT}},
		{noPort, []unix.Errno{unix.EADDRNOTAVAIL, unix.EADDRINUSE}},
		{noFiles, []unix.Errno{unix.EMFILE, unix.ENFILE}},
		{noMemory, []unix.Errno{unix.ENOMEM, unix.ENOBUFS}},
		{noPath, []unix.Errno{unix.ENOENT, unix.ENOTSOCK, unix.EPROTOTYPE}},
		{forbidden, []unix.Errno{unix.EACCES, unix.EPERM}},
	} {
		for _, n := range k.nums {
			if errors.Is(err, n) {
				return k.kind
			}
		}
	}
	return otherwise
}
