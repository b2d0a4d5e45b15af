// Package portcheck goes from a port to the sockets that hold it, from those to the processes that have them open, and
// from there to the way to free the port.
//
// Looking changes nothing and needs no root; what cannot be seen without it is said. Freeing is planned as data first
// ([Survey.Plan]) and then carried out ([Free]). A signal has no inverse, so this is no transaction: nothing is
// journalled, and nothing is locked. In return every act is proven right before it is done: a process is signalled
// through a descriptor of itself, after one more look at whether it still holds the socket.
package portcheck
