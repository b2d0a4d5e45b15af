// Package server is a TCP server for many connections, for services that are to stay up: it bounds what clients can use
// up, drains without resetting anybody, and counts what it does. Linux only.
//
// A protocol is a function from bytes to bytes, a [MessageHandler], or where it has to wait, for a database for
// instance, a [StreamHandler], which gets each connection and a context. [NewHTTP] makes one for HTTP/1.1.
//
//	s, err := server.New(server.Config{Handler: server.Messages(myProtocol{})})
//	l, err := server.Listen(ctx, ":8080", net.KeepAliveConfig{})
//	err = s.Serve(l) // until s.Shutdown(ctx) or s.Close(), as in net/http
//
// A [Server] accepts connections within [Limits]; each that it refuses or that ends does so for a [Reason], see
// [Stats]. [Server.Reload] replaces its configuration while it runs. [Listen] opens a socket that costs less than one
// of package net, and [FileListener] takes one over from systemd; any [net.Listener] is served.
//
// Connections are driven by event loops where these can, see [Engine], and by a goroutine each elsewhere. One that waits
// for a message holds no buffer; there is no timer per connection; reads and writes are single system calls that never
// block. Package admin shows all this on a page, package pool keeps connections to upstreams.
package server
