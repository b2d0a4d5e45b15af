// Package faults kills the real program at every point where it changes the machine, and makes every such call fail,
// then looks at what is left: as before or as wanted, nothing in between.
//
// The program is the unmodified binary; faults come from strace(1). Each point has a host of its own, made of
// namespaces: its own network stack, /etc, /run, /var/lib and processes. What the host looks like is told by look,
// which knows nothing of the program. Where two points leave hosts that do not differ, what an operator does next is
// tried on one of them. The package has tests only.
package faults
