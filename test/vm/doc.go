// Package vm boots a whole machine with a kernel of its own under qemu's software emulation, for tests that need what
// no container has: a reboot, a power cut, modules, every sysctl. A boot takes about a minute on two cores. [Alone] boots one
// that does a single thing, and whose clock counts instructions: for what measures over time.
//
// The userland and the kernel are Debian 13's, made once by mmdebstrap from where the machine's own apt gets its
// packages and cached as a disk; each machine writes to a throw-away layer over it. What /etc/os-release says is a
// stand-in; kernel, systemd and apt are real. Where UBUNTU_ROOT names the root folder of a real Ubuntu, a disk of that
// is booted instead: it needs a kernel and an initrd in /boot, openssh-server and systemd-networkd, and strace for the
// power cuts.
package vm
