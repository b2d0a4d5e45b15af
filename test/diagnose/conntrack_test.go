package diagnosetest

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// trackConnections has the kernel track the connections of the server's namespace: a rule that asks for the state of one
// is enough. It is what "nft add rule t c ct state new" sends, see linux/netfilter/nf_tables.h.
func (s *stage) trackConnections() {
	s.t.Helper()
	err := s.path.Server.Do(func() error {
		fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		batch := []byte{0, 0, 0, unix.NFNL_SUBSYS_NFTABLES}
		request := slices.Concat(
			message(unix.NFNL_MSG_BATCH_BEGIN, 0, batch),
			nft(unix.NFT_MSG_NEWTABLE, word(unix.NFTA_TABLE_NAME, "t")),
			nft(unix.NFT_MSG_NEWCHAIN, word(unix.NFTA_CHAIN_TABLE, "t"), word(unix.NFTA_CHAIN_NAME, "c"), word(unix.NFTA_CHAIN_TYPE, "filter"),
				nest(unix.NFTA_CHAIN_HOOK, number(unix.NFTA_HOOK_HOOKNUM, unix.NF_INET_LOCAL_OUT), number(unix.NFTA_HOOK_PRIORITY, 0))),
			nft(unix.NFT_MSG_NEWRULE, word(unix.NFTA_RULE_TABLE, "t"), word(unix.NFTA_RULE_CHAIN, "c"),
				nest(unix.NFTA_RULE_EXPRESSIONS, nest(unix.NFTA_LIST_ELEM, word(unix.NFTA_EXPR_NAME, "ct"),
					nest(unix.NFTA_EXPR_DATA, number(unix.NFTA_CT_KEY, unix.NFT_CT_STATE), number(unix.NFTA_CT_DREG, unix.NFT_REG32_00))))),
			message(unix.NFNL_MSG_BATCH_END, 0, batch))
		if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return err
		}
		for told := 0; told < 3; { // an acknowledgement for each but the two that hold them together
			answer := make([]byte, 8192)
			n, _, err := unix.Recvfrom(fd, answer, 0)
			if err != nil {
				return err
			}
			for b := answer[:n]; len(b) >= unix.SizeofNlMsghdr+4; told++ {
				if code := int32(binary.NativeEndian.Uint32(b[unix.SizeofNlMsghdr:])); code != 0 {
					return syscall.Errno(-code)
				}
				b = b[min(int(binary.NativeEndian.Uint32(b)+3)&^3, len(b)):]
			}
		}
		return nil
	})
	if err != nil {
		s.t.Skipf("this kernel tracks no connections: %v", err)
	}
}

// message is a message of netlink(7).
func message(kind, flags uint16, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	b := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST|flags)
	return append(append(b, make([]byte, 8)...), body...)
}

func nft(kind uint16, attributes ...[]byte) []byte {
	body := append([]byte{unix.NFPROTO_IPV4, 0, 0, 0}, slices.Concat(attributes...)...)
	return message(unix.NFNL_SUBSYS_NFTABLES<<8|kind, unix.NLM_F_ACK|unix.NLM_F_CREATE, body)
}

func attribute(kind uint16, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofNlAttr+len(value)))
	b = append(binary.NativeEndian.AppendUint16(b, kind), value...)
	return append(b, make([]byte, -len(b)&3)...)
}

func word(kind uint16, text string) []byte { return attribute(kind, append([]byte(text), 0)) }

func number(kind uint16, n uint32) []byte {
	return attribute(kind, binary.BigEndian.AppendUint32(nil, n))
}

func nest(kind uint16, attributes ...[]byte) []byte {
	return attribute(kind|unix.NLA_F_NESTED, slices.Concat(attributes...))
}

// fillTracking begins more conversations than the table holds, with an address where nobody answers, and goes on.
func (s *stage) fillTracking() {
	full := make(chan struct{})
	s.work(func() {
		defer close(full)
		_ = s.path.Server.Do(func() error { return conversations(s, 1.1) })
	})
	<-full
	s.work(func() {
		for s.rests(0) {
			_ = s.path.Server.Do(func() error { return conversations(s, 0.01) })
		}
	})
}

// conversations sends a packet to so many ports and addresses as are a share of the table.
func conversations(s *stage, share float64) error {
	text, err := (host.Host{}).ReadKnob("net.netfilter.nf_conntrack_max")
	if err != nil {
		return err
	}
	most, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for i := range int(share * float64(most)) {
		to := unix.SockaddrInet4{Port: 1 + i%65000, Addr: [4]byte{198, 18, 0, byte(10 + i/65000)}}
		_ = unix.Sendto(fd, []byte{0}, unix.MSG_DONTWAIT, &to) // a queue that is full does no harm: it was tracked
		s.tried.Add(1)
	}
	return nil
}
