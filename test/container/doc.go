// Package container boots a real systemd as PID 1 inside plain Linux namespaces, for tests that need units, D-Bus,
// timers and a journal, in about three seconds and without an image, a daemon or a virtual machine.
//
// The userland is Debian's or Ubuntu's, whichever the machine's own apt offers, made once by mmdebstrap and cached;
// each machine gets a throw-away copy of it. systemd is real, the kernel is the machine's own, so only sysctls that
// belong to a network namespace can be changed inside: everything else below /proc/sys is read-only there.
package container
