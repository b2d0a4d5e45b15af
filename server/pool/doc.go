// Package pool keeps connections to upstream servers, and sends requests over them. It is made for protocols in which
// one answer follows one request: while an exchange lasts, it has its connection for itself.
//
// Three promises shape it. An upstream never has more than [Config].Max connections. A request is sent once: it is
// tried again only where nothing of it had left. And an answer never reaches another request: a connection on which
// anything went wrong, or on which there is more to read than was read, is closed instead of being used again.
//
// The relay of the bundled server is its first user. It knows nothing of that protocol, nor of metrics: [Pool.Stats]
// has the numbers.
package pool
