package portcheck

import (
	"fmt"
	"os"
	"time"

	"github.com/tcptune/tcptune/internal/host"
)

// explain says of each holder why nobody is named, or not everybody, or nobody who could be stopped.
func (s *Survey) explain() {
	var kin kinship
	if len(s.Hidden) > 0 {
		s.Veil, s.Unveil = veil(s.Hidden)
		kin = s.kinOfHidden()
	}
	for _, list := range [][]Holder{s.Holders, s.Rest, s.conns} {
		for i := range list {
			s.explainOne(&list[i], kin)
		}
	}
}

// explainOne says why nobody is named, or not everybody.
func (s *Survey) explainOne(h *Holder, kin kinship) {
	veiled := s.Veil
	switch {
	case h.State == TimeWait:
		h.Reason = fmt.Sprintf(
			"closed connections that wait for stray packets, up to %s more; a server that sets SO_REUSEADDR binds all the same, where the last one did so too",
			seconds(h.Left),
		)
	case h.Inode == 0:
		h.Reason = "connections that their process has closed, and that the kernel is still finishing"
	case len(h.Owners) == 0 && veiled != "":
		h.Veiled, h.Reason = true, NotVisible+": "+veiled
	case len(h.Owners) == 0 && len(h.Candidates) > 0:
		h.Reason = h.whereAfloat()
	case len(h.Owners) == 0 && !inFirstPIDNamespace():
		h.Reason = "no process of this PID namespace has it open"
	case len(h.Owners) == 0:
		h.Reason = "no process has it open: the kernel itself holds it" + kernelUser(h.Protocol, h.Port())
	case len(h.Owners) > 0 && h.Owners[0].Descriptors[0].Way == Ring:
		h.Reason = fmt.Sprintf("in the file table of an io_uring of process %d, without a descriptor", h.Owners[0].Pid)
	case h.Protocol == TCP && h.State == Unconn:
		h.Reason = "bound, but not listening"
	}
	h.Partly = veiled != "" && !h.ByCgroup
	if !h.Partly || len(h.Owners) == 0 {
		return
	}
	if by, maybe := s.mayBeShared(h, kin); maybe {
		also := "others may have it open as well: " + veiled
		if by > 0 {
			also = fmt.Sprintf("process %d may have it open as well, as a relative of one that has, "+
				"or from the same control group: %s", by, veiled)
		}
		if h.Veiled = true; h.Reason != "" {
			h.Reason += "; "
		}
		h.Reason += also
	}
}

// NotVisible begins the reason of a holder none of whose processes may be seen.
const NotVisible = "owner not visible"

// Seconds until h goes away by itself, rounded up; 0 when it does not.
func (h Holder) Seconds() int { return int(seconds(h.Left) / time.Second) }

func seconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

// kernelUser guesses from a well-known port which part of the kernel it is. Such a socket has no descriptor.
func kernelUser(protocol Protocol, port uint16) string {
	who := kernelUserOf(protocol, port)
	if who == "" {
		return ", as for NFS, rxrpc or a tunnel, or it is on its way from one process to another"
	}
	return ", by the port " + who
}

func kernelUserOf(protocol Protocol, port uint16) string {
	type key struct {
		Protocol
		port uint16
	}
	return map[key]string{
		{TCP, 2049}: "the NFS server; rpc.nfsd 0 ends it", {UDP, 2049}: "the NFS server; rpc.nfsd 0 ends it",
		{UDP, 7001}:  "rxrpc, for AFS",
		{UDP, 51820}: "WireGuard; ip link delete ends it",
		{UDP, 4789}:  "VXLAN; ip link delete ends it", {UDP, 8472}: "VXLAN; ip link delete ends it",
		{UDP, 6081}: "Geneve; ip link delete ends it",
		{UDP, 1701}: "L2TP",
		{TCP, 445}:  "the SMB server ksmbd", {TCP, 3260}: "the iSCSI target",
	}[key{protocol, port}]
}

// inFirstPIDNamespace reports whether /proc shows every process of the machine. The number is PROC_PID_INIT_INO of the
// kernel's include/linux/proc_ns.h.
func inFirstPIDNamespace() bool {
	link, err := os.Readlink("/proc/self/ns/pid")
	return err == nil && link == "pid:[4026531836]"
}

// ephemeral reports whether the kernel hands the port out to clients in this namespace that did not ask for one: each
// namespace has a range of its own. Where that cannot be told it is true, the careful answer.
func (n Namespace) ephemeral(port uint16) bool {
	var low, high uint16
	err := n.Do(func() error {
		text, err := (host.Host{}).ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
		if err != nil {
			return err
		}
		_, err = fmt.Sscan(string(text), &low, &high)
		return err
	})
	return err != nil || low <= port && port <= high
}
