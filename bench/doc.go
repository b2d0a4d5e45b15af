// Package bench puts a TCP service under load and measures what its clients see.
//
// One thread per worker drives many connections with epoll: there is no goroutine and no histogram per connection, and the
// system calls are raw, so that the service is what ends the climb. In a closed loop each connection asks again when it
// has its answer. In an open loop request n is due at begin + n/rate, whether or not the one before has been answered;
// its latency counts from then, so that a service that stands still cannot hide it (coordinated omission), and from when
// it was really sent, so that both can be compared.
//
// Every request that was sent is either answered or failed; nothing is left out of the percentiles.
package bench
