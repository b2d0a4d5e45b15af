package path

import "errors"

// Command is the argument with which [New] starts this program once more: its main has to call [Carry] then.
const Command = "carry-path"

// Path is two ends and the network between them.
type Path struct {
	Client, Server *End
	Kind           string // [Netem] or [TUN]
	NotNetem       string // why it is not of that kind, where nobody has asked for another one
	network        network
	closed         bool
}

// network is what lies between the ends.
type network interface {
	// end takes it away and says what it gave.
	end() (Measured, error)
}

// New makes a path of that shape. It needs the rights of root.
func New(s Shape) (p *Path, err error) {
	s = s.Fill()
	if err := s.Check(); err != nil {
		return nil, err
	}
	switch s.Kind {
	case Netem:
		return newPath(s, newNetem)
	case TUN:
		return newPath(s, newTunnel)
	}
	why := s.notNetem()
	if why == nil {
		if p, why = newPath(s, newNetem); why == nil {
			return p, nil
		}
	}
	p, err = newPath(s, newTunnel)
	if err != nil {
		return nil, errors.Join(err, why)
	}
	p.NotNetem = why.Error()
	return p, nil
}

func newPath(s Shape, connect func(*Path, Shape) error) (*Path, error) {
	p := &Path{}
	for i, end := range []**End{&p.Client, &p.Server} {
		n, err := newNamespace()
		if err == nil {
			*end = &End{namespace: n, address: address(dataNet, i)}
			err = n.do(func() error { return bringUp("lo", nil) })
		}
		if err != nil {
			p.leave()
			return nil, err
		}
	}
	if err := connect(p, s); err != nil {
		p.leave()
		return nil, err
	}
	return p, nil
}

// leave gives the namespaces up.
func (p *Path) leave() {
	p.closed = true
	for _, end := range []*End{p.Client, p.Server} {
		if end != nil {
			end.namespace.close()
		}
	}
}

// Close takes the path away and says what it gave. Sockets that are still open keep their namespace until they are
// closed. A second Close says nothing.
func (p *Path) Close() (m Measured, err error) {
	if p.closed {
		return m, nil
	}
	m, err = p.network.end()
	p.leave()
	return m, err
}

// dropped counts the packets that the devices of p did not hand over.
func (p *Path) dropped() (all uint64, err error) {
	for _, end := range []*End{p.Client, p.Server} {
		err = errors.Join(err, end.Do(func() error {
			n, err := droppedBefore()
			all += n
			return err
		}))
	}
	return all, err
}
