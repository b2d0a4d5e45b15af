// Package load puts an echo server under load, from one thread, and compares every byte that comes back.
//
// It is a closed loop: each connection sends a burst of messages, waits for all of its answer and sends the next one.
// The system calls are raw. Go's scheduler is told of none of them but the wait while nothing is to be read, so that
// the server on the other core, and not this client, is what ends the climb. It never measures over a network.
package load
