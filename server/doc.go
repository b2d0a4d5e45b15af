// Package server is a TCP server for many connections: a library for anyone who writes a TCP service, and what
// cmd/tcptune-server is made of.
//
// A [Server] accepts connections within [Limits], drains them when it is told to stop, and counts what it does. What is
// said on a connection is the business of a [Handler], which only turns bytes into bytes and so fits any way of driving
// connections, or of a [StreamHandler], which gets a goroutine and may wait.
//
// Connections are driven by a goroutine each. One that waits holds no buffer; deadlines are kept by one goroutine that
// looks at all connections ([Server] has no timer per connection); reads and writes are single system calls that never
// block.
package server
