package portcheck

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// procNet lists the sockets of a protocol from /proc/net, of which it reads every row of the namespace.
func (n Namespace) procNet(protocol Protocol, ranges []Range, anyState bool) (sockets []Socket, err error) {
	err = n.Do(func() error {
		v6only := false
		if data, err := (host.Host{}).ReadFile("/proc/sys/net/ipv6/bindv6only"); err == nil {
			v6only = strings.TrimSpace(string(data)) == "1"
		}
		for _, name := range []string{string(protocol), string(protocol) + "6"} {
			f, err := (host.Host{}).OpenRegular("/proc/thread-self/net/" + name)
			if errors.Is(err, fs.ErrNotExist) { // without IPv6
				continue
			}
			if err != nil {
				return err
			}
			more, err := readProcNet(f, protocol, ranges, anyState, v6only)
			_ = f.Close()
			if err != nil {
				return fmt.Errorf("cannot read /proc/net/%s: %w", name, err)
			}
			sockets = append(sockets, more...)
		}
		return nil
	})
	return sockets, err
}

func readProcNet(r io.Reader, protocol Protocol, ranges []Range, anyState, v6only bool) (sockets []Socket, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		row, ok := host.ParseSocketRow(lines.Bytes())
		if !ok || !inRanges(ranges, protocol, row.Local.Port()) {
			continue
		}
		s := Socket{
			Protocol: protocol, Local: row.Local, Remote: row.Remote, State: stateOf(row.State), UID: row.UID, Inode: row.Inode,
			DualStack: row.Local.Addr().Is6() && row.Local.Addr().IsUnspecified() && !v6only,
		}
		if s.State == TimeWait {
			s.Left = row.TimerLeft
		}
		if anyState || protocol == UDP || s.State == Listen {
			sockets = append(sockets, s)
		}
	}
	return sockets, lines.Err()
}

func inRanges(ranges []Range, protocol Protocol, port uint16) bool {
	for _, r := range ranges {
		if r.Has(protocol, port) {
			return true
		}
	}
	return false
}
