package server

import "sync"

// The sizes of buffers. A connection starts with the first, and goes to a larger one while a message needs it.
const (
	smallBuffer  = 16 << 10
	mediumBuffer = 64 << 10
	largeBuffer  = 256 << 10
	hugeBuffer   = 1 << 20
)

func bufferSizes() [4]int { return [4]int{smallBuffer, mediumBuffer, largeBuffer, hugeBuffer} }

// buffers keeps buffers that nobody uses, by size.
type buffers struct {
	pools [4]sync.Pool
}

// buffer is a piece of memory and the pool that it came from.
type buffer struct {
	data  []byte
	class int // -1: too large to be kept
}

// get returns a buffer of at least size bytes.
func (b *buffers) get(size int) *buffer {
	for class, has := range bufferSizes() {
		if size > has {
			continue
		}
		if kept, ok := b.pools[class].Get().(*buffer); ok {
			return kept
		}
		return &buffer{make([]byte, has), class}
	}
	return &buffer{make([]byte, size), -1}
}

func (b *buffers) put(buf *buffer) {
	if buf.class >= 0 {
		b.pools[buf.class].Put(buf)
	}
}
