package path

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

const (
	// txQueue is in packets, where a segment of 64 KB is one: what the emulator has not taken yet. It is far more than
	// should ever wait, and what is dropped there all the same is told by [Measured].
	txQueue = 10000
)

// openTUN makes a TUN device with the address in the namespace of this thread. It is gone with its descriptors. Segments
// that are to be cut, and checksums that are to be computed, are handed over as such
// (Documentation/networking/tuntap.rst, linux/virtio_net.h).
func openTUN(address net.IP) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open /dev/net/tun: %w", err)
	}
	if err := prepareTUN(fd, address); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("cannot make a TUN device: %w", err)
	}
	return os.NewFile(uintptr(fd), "/dev/net/tun"), nil
}

func prepareTUN(fd int, address net.IP) error {
	request, err := unix.NewIfreq(deviceName)
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return os.NewSyscallError("ioctl TUNSETIFF", err)
	}
	if err := unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, unix.TUN_F_CSUM|unix.TUN_F_TSO4); err != nil {
		return os.NewSyscallError("ioctl TUNSETOFFLOAD", err)
	}
	if err := bringUp(deviceName, address); err != nil {
		return err
	}
	link, err := netlink.LinkByName(deviceName)
	if err != nil {
		return err
	}
	return netlink.LinkSetTxQLen(link, txQueue)
}

// tunnel is a [TUN] path: the devices, and the process that carries packets from one to the other.
type tunnel struct {
	path    *Path
	devices [2]*os.File
	carrier *host.Companion
}

func newTunnel(p *Path, s Shape) (err error) {
	t := &tunnel{path: p}
	p.Kind, p.network = TUN, t
	for i, end := range []*End{p.Client, p.Server} {
		if err := end.Do(func() (err error) {
			t.devices[i], err = openTUN(end.address)
			return err
		}); err != nil {
			return errors.Join(err, t.close())
		}
	}
	shape, err := json.Marshal(s)
	if err == nil {
		t.carrier, err = host.Host{}.StartSelf([]string{Command}, shape, t.devices[:]...)
	}
	if err != nil {
		return errors.Join(err, t.close())
	}
	return nil
}

func (t *tunnel) end() (m Measured, err error) {
	out, err := t.carrier.End()
	if err == nil {
		err = json.Unmarshal(out, &m)
	}
	missed, failed := t.path.dropped()
	m.Missed += missed
	return m, errors.Join(err, failed, t.close())
}

// close takes the devices away.
func (t *tunnel) close() (err error) {
	for _, d := range t.devices {
		if d != nil {
			err = errors.Join(err, d.Close())
		}
	}
	return err
}

// virtio is struct virtio_net_hdr, which stands before each packet of a TUN device, in the byte order of the machine.
type virtio []byte

const (
	virtioSize      = 10
	virtioNeedsCsum = 1    // VIRTIO_NET_HDR_F_NEEDS_CSUM
	virtioTCP4      = 1    // VIRTIO_NET_HDR_GSO_TCPV4
	virtioECN       = 0x80 // VIRTIO_NET_HDR_GSO_ECN
)

func (v virtio) gsoType() byte { return v[1] &^ virtioECN }
func (v virtio) gsoSize() int  { return int(binary.NativeEndian.Uint16(v[4:])) }

// needsCsum makes v the header of one packet whose checksum, at offset behind start, holds the sum of the pseudo-header:
// the receiver takes it for one that a device will compute, and the packet for whole.
func (v virtio) needsCsum(start, offset int) {
	clear(v[:virtioSize])
	v[0] = virtioNeedsCsum
	binary.NativeEndian.PutUint16(v[6:], uint16(start))
	binary.NativeEndian.PutUint16(v[8:], uint16(offset))
}
