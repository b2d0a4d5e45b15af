package server

import (
	"container/heap"
	"net/netip"
	"sync"
)

// input bounds the memory of messages that have begun and not arrived whole. A message that is there at once is not
// counted: its buffer is given back before anything is waited for.
//
// It is fair between clients, where a client is an address as for [Limits.ClientRate]: when there is no room left, the
// one that holds the most gives way, by the end of a connection of its own. So who floods the server with halves of
// messages pushes out itself, and an address that holds less than others always finds room.
type input struct {
	mu    sync.Mutex
	max   int64 // 0: no bound
	used  int64
	of    map[netip.Addr]*holder
	order holders // the one that holds the most is the first
}

// holder is a client with unfinished messages.
type holder struct {
	client netip.Addr
	bytes  int64
	at     int // in the order
	conns  map[tenant]int64
}

// tenant is a connection that holds a part of a message. It is comparable.
type tenant interface {
	client() netip.Addr
	cut(why Reason) bool // from whatever goroutine, and without waiting
	wasCut() bool
}

func (i *input) resize(most int64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.max = most
}

// hold says that a connection holds so many bytes now, none for 0. It returns false where there is no room for them:
// then the connection holds nothing any more, and has to end.
func (i *input) hold(c tenant, bytes int64) bool {
	i.mu.Lock()
	victims, ok := i.settle(c, bytes)
	i.mu.Unlock()
	for _, victim := range victims {
		victim.cut(InputFull)
	}
	return ok
}

// settle returns those that have to give way. What they hold is given away at once, although it is free only when the
// goroutines that serve them see it.
func (i *input) settle(c tenant, bytes int64) (victims []tenant, ok bool) {
	i.set(c, 0)
	if bytes == 0 || c.wasCut() {
		return nil, bytes == 0
	}
	if i.max > 0 {
		bytes = min(bytes, i.max) // more than there is in all counts as all there is
	}
	own := int64(0)
	if h := i.of[c.client()]; h != nil {
		own = h.bytes
	}
	for i.max > 0 && i.used+bytes > i.max {
		most := i.order[0]
		if own+bytes >= most.bytes {
			return victims, false
		}
		for victim := range most.conns {
			victims = append(victims, victim)
			i.set(victim, 0)
			break
		}
	}
	i.set(c, bytes)
	return victims, true
}

// set makes the accounts say that c holds so many bytes.
func (i *input) set(c tenant, bytes int64) {
	client := c.client()
	h := i.of[client]
	switch {
	case h != nil:
	case bytes == 0:
		return
	default:
		if i.of == nil {
			i.of = map[netip.Addr]*holder{}
		}
		h = &holder{client: client, conns: map[tenant]int64{}}
		i.of[client] = h
		heap.Push(&i.order, h)
	}
	grown := bytes - h.conns[c]
	h.conns[c] = bytes
	if bytes == 0 {
		delete(h.conns, c)
	}
	h.bytes += grown
	i.used += grown
	if len(h.conns) == 0 {
		heap.Remove(&i.order, h.at)
		delete(i.of, client)
		return
	}
	heap.Fix(&i.order, h.at)
}

func (i *input) held() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.used
}

// holders are a heap, see [heap.Interface].
type holders []*holder

func (h holders) Len() int           { return len(h) }
func (h holders) Less(a, b int) bool { return h[a].bytes > h[b].bytes }

func (h holders) Swap(a, b int) {
	h[a], h[b] = h[b], h[a]
	h[a].at, h[b].at = a, b
}

// Push appends a holder.
func (h *holders) Push(x any) {
	one, _ := x.(*holder)
	one.at = len(*h)
	*h = append(*h, one)
}

// Pop takes the last one away.
func (h *holders) Pop() any {
	last := len(*h) - 1
	one := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return one
}
