package diagnosetest

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// trackConnections has the kernel track the connections of the server's namespace: a rule that asks for the state of one
// is enough. It is what "nft add rule t c ct state new" sends, see linux/netfilter/nf_tables.h.
func (s *stage) trackConnections() {
	s.t.Helper()
	err := s.path.Server.Do(func() error {
		conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.SendMessages([]netlink.Message{
			batch(unix.NFNL_MSG_BATCH_BEGIN),
			nft(unix.NFT_MSG_NEWTABLE, func(e *netlink.AttributeEncoder) { e.String(unix.NFTA_TABLE_NAME, "t") }),
			nft(unix.NFT_MSG_NEWCHAIN, func(e *netlink.AttributeEncoder) {
				e.String(unix.NFTA_CHAIN_TABLE, "t")
				e.String(unix.NFTA_CHAIN_NAME, "c")
				e.String(unix.NFTA_CHAIN_TYPE, "filter")
				e.Nested(unix.NFTA_CHAIN_HOOK, func(e *netlink.AttributeEncoder) error {
					e.Uint32(unix.NFTA_HOOK_HOOKNUM, unix.NF_INET_LOCAL_OUT)
					e.Uint32(unix.NFTA_HOOK_PRIORITY, 0)
					return nil
				})
			}),
			nft(unix.NFT_MSG_NEWRULE, func(e *netlink.AttributeEncoder) {
				e.String(unix.NFTA_RULE_TABLE, "t")
				e.String(unix.NFTA_RULE_CHAIN, "c")
				e.Nested(unix.NFTA_RULE_EXPRESSIONS, func(e *netlink.AttributeEncoder) error {
					e.Nested(unix.NFTA_LIST_ELEM, func(e *netlink.AttributeEncoder) error {
						e.String(unix.NFTA_EXPR_NAME, "ct")
						e.Nested(unix.NFTA_EXPR_DATA, func(e *netlink.AttributeEncoder) error {
							e.Uint32(unix.NFTA_CT_KEY, unix.NFT_CT_STATE)
							e.Uint32(unix.NFTA_CT_DREG, unix.NFT_REG32_00)
							return nil
						})
						return nil
					})
					return nil
				})
			}),
			batch(unix.NFNL_MSG_BATCH_END),
		})
		if err != nil {
			return err
		}
		for range 3 { // an acknowledgement for each but the two that hold them together
			if _, err := conn.Receive(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Skipf("this kernel tracks no connections: %v", err)
	}
}

func batch(kind uint16) netlink.Message {
	return netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(kind), Flags: netlink.Request}, Data: []byte{0, 0, 0, unix.NFNL_SUBSYS_NFTABLES},
	}
}

func nft(kind uint16, attributes func(*netlink.AttributeEncoder)) netlink.Message {
	e := netlink.NewAttributeEncoder()
	e.ByteOrder = binary.BigEndian
	attributes(e)
	data, _ := e.Encode() // there is nothing in it that cannot be encoded
	return netlink.Message{
		Header: netlink.Header{
			Type:  netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | kind),
			Flags: netlink.Request | netlink.Acknowledge | netlink.Create,
		},
		Data: append([]byte{unix.NFPROTO_IPV4, 0, 0, 0}, data...),
	}
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
