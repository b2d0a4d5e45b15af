package host

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Link is a network interface with a device behind it, which bridges, tunnels, veth and lo have not, as
// Documentation/ABI/testing/sysfs-class-net* of the kernel describe its files.
type Link struct {
	Name       string
	RxQueues   int  // of the card, or of the hypervisor's
	RPS        bool // its only receive queue hands packets to other processors; not looked at where there are several
	TxQueueLen int  // packets, for queue disciplines without a limit of their own
	RxPackets  uint64
	RxMissed   uint64 // the card had no room for
	RxDropped  uint64 // no protocol wanted, or the kernel had no room for
}

// Links returns the interfaces with a device that are up, in the order of their names.
func (h Host) Links() (links []Link, err error) {
	const dir = "/sys/class/net"
	names, err := h.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot list the network interfaces: %w", Cause(err))
	}
	for _, name := range names {
		at := path.Join(dir, name)
		if state := h.text(at + "/operstate"); !h.exists(at+"/device") || state != "up" && state != "unknown" {
			continue
		}
		l, err := h.link(at)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
			continue // it went away meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read what %s does: %w", name, Cause(err))
		}
		links = append(links, l)
	}
	return links, nil
}

func (h Host) link(at string) (l Link, err error) {
	l.Name = path.Base(at)
	queues, err := h.ReadDir(at + "/queues")
	if err != nil {
		return l, err
	}
	for _, q := range queues {
		if strings.HasPrefix(q, "rx-") {
			l.RxQueues++
		}
	}
	if l.RxQueues == 1 {
		l.RPS = strings.Trim(h.text(at+"/queues/rx-0/rps_cpus"), "0,") != ""
	}
	var length uint64
	for _, file := range []struct {
		name string
		to   *uint64
	}{
		{"tx_queue_len", &length},
		{"statistics/rx_packets", &l.RxPackets},
		{"statistics/rx_missed_errors", &l.RxMissed},
		{"statistics/rx_dropped", &l.RxDropped},
	} {
		data, err := h.ReadFile(path.Join(at, file.name))
		if err != nil {
			return l, err
		}
		if *file.to, err = strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64); err != nil {
			return l, fmt.Errorf("%s is %q", file.name, data)
		}
	}
	l.TxQueueLen = int(min(length, 1<<31-1))
	return l, nil
}

// LinkProcessors returns the processors that the interrupts of the interface reach, by their numbers. It finds those of
// PCI devices; others, and virtual ones that have none, are fs.ErrNotExist.
func (h Host) LinkProcessors(link string) (processors []string, interrupts int, err error) {
	device, err := h.Resolve(path.Join("/sys/class/net", link, "device"))
	if err != nil {
		return nil, 0, Cause(err)
	}
	irqs, err := h.ReadDir(device + "/msi_irqs")
	if errors.Is(err, fs.ErrNotExist) { // a virtio device sits on a PCI device
		irqs, err = h.ReadDir(path.Dir(device) + "/msi_irqs")
	}
	if err != nil {
		return nil, 0, Cause(err)
	}
	for _, irq := range irqs {
		data, err := h.ReadFile("/proc/irq/" + irq + "/effective_affinity_list")
		if errors.Is(err, fs.ErrNotExist) { // it is not in use
			continue
		}
		if err != nil {
			return nil, 0, Cause(err)
		}
		interrupts++
		if p := strings.TrimSpace(string(data)); p != "" && !slices.Contains(processors, p) {
			processors = append(processors, p)
		}
	}
	return processors, interrupts, nil
}

// LinkRing returns how many received packets the card can keep, and how many it could: ETHTOOL_GRINGPARAM, see
// include/uapi/linux/ethtool.h. A driver without a ring is EOPNOTSUPP.
func (h Host) LinkRing(link string) (now, most uint32, err error) {
	if !h.Live() {
		return 0, 0, ErrNoKernel
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, 0, err
	}
	defer unix.Close(fd)
	ring := [9]uint32{unix.ETHTOOL_GRINGPARAM} // struct ethtool_ringparam: cmd, four maxima, four values, receive first
	request := struct {                        // struct ifreq
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: unsafe.Pointer(&ring)}
	copy(request.name[:unix.IFNAMSIZ-1], link)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return 0, 0, errno
	}
	return ring[5], ring[1], nil
}

// Processors is how many are online.
func (h Host) Processors() (n int, err error) {
	const file = "/sys/devices/system/cpu/online"
	data, err := h.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("cannot count the processors: %w", Cause(err))
	}
	for part := range strings.SplitSeq(strings.TrimSpace(string(data)), ",") { // "0-3,8"
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, errA := strconv.ParseUint(first, 10, 16)
		b, errB := strconv.ParseUint(last, 10, 16)
		if errA != nil || errB != nil || b < a {
			return 0, fmt.Errorf("cannot count the processors: %s is %q", file, data)
		}
		n += int(b-a) + 1
	}
	return n, nil
}
