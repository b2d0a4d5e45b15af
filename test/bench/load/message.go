package load

import (
	"bytes"
	"encoding/binary"
)

// MessageSize is the size of a message in bytes: who sends it, its number, and a filler.
const MessageSize = 64

// bursts writes messages and compares answers in one buffer that stays in the cache, however many connections there
// are.
type bursts struct {
	want, got []byte
}

func newBursts(depth int) bursts {
	b := bursts{want: make([]byte, depth*MessageSize), got: make([]byte, depth*MessageSize)}
	for i := range b.want {
		b.want[i] = byte('a' + i%26)
	}
	return b
}

// fill returns the burst number burst of connection conn. No two messages of a run are the same, so an answer that
// belongs to somebody else, or to an earlier message, is seen. It is valid until the next call.
func (b bursts) fill(conn int, burst uint64) []byte {
	first := burst * uint64(len(b.want)/MessageSize)
	for at := 0; at < len(b.want); at += MessageSize {
		binary.LittleEndian.PutUint64(b.want[at:], uint64(conn))
		binary.LittleEndian.PutUint64(b.want[at+8:], first+uint64(at/MessageSize))
	}
	return b.want
}

// answers reports whether the first n bytes of got are that burst from byte at on.
func (b bursts) answers(conn int, burst uint64, at, n int) bool {
	want := b.fill(conn, burst)
	return at+n <= len(want) && bytes.Equal(b.got[:n], want[at:at+n])
}
