package path

import (
	"encoding/json"
	"errors"
	"net"
	"os"

	"github.com/tcptune/tcptune/internal/host"
)

// Command is the argument with which [New] starts this program once more: its main has to call [Carry] then.
const Command = "carry-path"

// Path is two ends and the network between them.
type Path struct {
	Client, Server *End
	devices        [2]*os.File
	carrier        *host.Companion
	closed         bool
}

// New makes a path of that shape. It needs the rights of root.
func New(s Shape) (p *Path, err error) {
	s = s.Fill()
	if err := s.Check(); err != nil {
		return nil, err
	}
	p = &Path{}
	defer func() {
		if err != nil {
			_, _ = p.Close()
		}
	}()
	// The network of RFC 2544 for benchmarks.
	for i, end := range []**End{&p.Client, &p.Server} {
		n, err := newNamespace()
		if err != nil {
			return p, err
		}
		*end = &End{namespace: n, address: net.IPv4(198, 18, 0, byte(1+i))}
		err = n.do(func() (err error) {
			p.devices[i], err = openTUN((*end).address)
			return err
		})
		if err != nil {
			return p, err
		}
	}
	shape, err := json.Marshal(s)
	if err != nil {
		return p, err
	}
	p.carrier, err = host.Host{}.StartSelf([]string{Command}, shape, p.devices[:]...)
	return p, err
}

// Close takes the path away and says what it gave. Sockets that are still open keep their namespace until they are
// closed. A second Close says nothing.
func (p *Path) Close() (m Measured, err error) {
	if p.closed {
		return m, nil
	}
	p.closed = true
	if p.carrier != nil {
		out, ended := p.carrier.End()
		if err = ended; err == nil {
			err = json.Unmarshal(out, &m)
		}
	}
	for i, end := range []*End{p.Client, p.Server} {
		if end == nil {
			continue
		}
		if p.carrier != nil {
			err = errors.Join(err, end.Do(func() error {
				n, err := droppedBefore()
				m.Missed += n
				return err
			}))
		}
		if p.devices[i] != nil {
			_ = p.devices[i].Close()
		}
		end.namespace.close()
	}
	return m, err
}
