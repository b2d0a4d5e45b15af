package host

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
