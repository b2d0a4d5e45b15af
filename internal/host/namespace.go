package host

import "golang.org/x/sys/unix"

// SharesNamespacesWithInit reports whether this process sees the same files and the same network as PID 1. Where it does
// not, what PID 1 starts for us would look at other files and other sysctl values.
func (h Host) SharesNamespacesWithInit() bool {
	for _, kind := range []string{"mnt", "net"} {
		self, err := h.Readlink("/proc/self/ns/" + kind)
		if err != nil {
			return false
		}
		first, err := h.Readlink("/proc/1/ns/" + kind)
		if err != nil || first != self {
			return false
		}
	}
	return true
}

// InAnotherNetwork reports whether the running values are those of another network namespace than PID 1's, while the files
// are those that PID 1 reads at the next boot, as within "ip netns exec". What cannot be seen without root counts as no.
func (h Host) InAnotherNetwork() bool {
	if !h.Live() {
		return false
	}
	self, err := h.Readlink("/proc/self/ns/net")
	if err != nil {
		return false
	}
	if first, err := h.Readlink("/proc/1/ns/net"); err != nil || first == self {
		return false
	}
	for _, dir := range []string{"/etc/sysctl.d", "/etc"} {
		var ours, theirs unix.Stat_t
		if unix.Stat(dir, &ours) == nil && unix.Stat("/proc/1/root"+dir, &theirs) == nil {
			return ours.Dev == theirs.Dev && ours.Ino == theirs.Ino
		}
	}
	return false
}

// InChroot reports whether the files are others than those of PID 1 although the running values are its own, as in the
// chroot of an image builder: what systemd-detect-virt --chroot says. A container has a PID 1, or a network, of its own.
// What cannot be seen without root counts as no.
func (h Host) InChroot() bool {
	if !h.Live() {
		return false
	}
	self, err := h.Readlink("/proc/self/ns/net")
	if err != nil {
		return false
	}
	if first, err := h.Readlink("/proc/1/ns/net"); err != nil || first != self {
		return false
	}
	var ours, theirs unix.Stat_t
	return unix.Stat("/", &ours) == nil && unix.Stat("/proc/1/root/", &theirs) == nil &&
		(ours.Dev != theirs.Dev || ours.Ino != theirs.Ino)
}
