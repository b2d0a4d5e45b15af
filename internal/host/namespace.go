package host

import "golang.org/x/sys/unix"

// SharesNamespacesWithInit reports whether this process sees the same files and the same network as PID 1. Where it
// does not, what PID 1 starts for us would look at other files and other sysctl values.
func (h Host) SharesNamespacesWithInit() bool {
	files, _ := h.sharesWithInit("mnt")
	network, _ := h.sharesWithInit("net")
	return files && network
}

// sharesWithInit compares our namespace of a kind, "net", with that of PID 1. Without root it may not be seen.
func (h Host) sharesWithInit(kind string) (shared, seen bool) {
	self, err := h.Readlink("/proc/self/ns/" + kind)
	if err != nil {
		return false, false
	}
	first, err := h.Readlink("/proc/1/ns/" + kind)
	return err == nil && first == self, err == nil
}

// InAnotherNetwork reports whether the running values are those of another network namespace than PID 1's, while the
// files are those that PID 1 reads at the next boot, as within "ip netns exec". What cannot be seen without root counts
// as no.
func (h Host) InAnotherNetwork() bool {
	if shared, seen := h.sharesWithInit("net"); !h.Live() || !seen || shared {
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
// chroot of an image builder: what systemd-detect-virt --chroot says. A container has a PID 1, or a network, of its
// own. What cannot be seen without root counts as no.
func (h Host) InChroot() bool {
	if shared, _ := h.sharesWithInit("net"); !h.Live() || !shared {
		return false
	}
	var ours, theirs unix.Stat_t
	return unix.Stat("/", &ours) == nil && unix.Stat("/proc/1/root/", &theirs) == nil &&
		(ours.Dev != theirs.Dev || ours.Ino != theirs.Ino)
}
