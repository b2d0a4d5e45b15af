// Package path makes two network namespaces and a network between them: with delay, jitter, loss, a rate, a queue and
// packets that overtake others. It is netem over a pair of veth devices where the kernel has it, and elsewhere an emulator
// over two TUN devices, which needs nothing of the kernel but these. Either cuts what the kernel sends as one segment of
// 64 KiB into packets before any of them is lost, waits or overtakes; and it measures what it really gave, and
// [Measured.Carried] says where that is not what was asked for.
//
// The namespaces have no name and hold no process but this one: threads of ours are in them, and what keeps them alive
// ends with these, whatever becomes of the process. Nothing of the machine's own namespace is read or changed.
package path
