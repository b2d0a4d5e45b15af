package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// probing is a setting of packetization layer path MTU discovery (RFC 4821). What it does not name is the kernel's
// default.
type probing struct {
	name string
	set  map[string]string
}

// probings are the settings that are compared; that of profile server is the profile's own.
func probings() ([]probing, error) {
	server, err := probingOf(sysctl.DefaultProfile)
	if err != nil {
		return nil, err
	}
	always := maps.Clone(server)
	always["tcp_mtu_probing"] = "2"
	return []probing{
		{"tcp_mtu_probing=0", map[string]string{"tcp_mtu_probing": "0"}},
		{"tcp_mtu_probing=1 alone", map[string]string{"tcp_mtu_probing": "1", "tcp_mtu_probe_floor": "48"}},
		{"profile server", server},
		{"the same, probing=2", always},
	}, nil
}

// probingOf is what a built-in profile sets of it.
func probingOf(name string) (map[string]string, error) {
	cat, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	p, err := profile.Load(host.Host{}, cat, name)
	if err != nil {
		return nil, err
	}
	set := map[string]string{}
	for _, w := range p.Keys {
		short := strings.TrimPrefix(w.Key, "net.ipv4.")
		if short == "tcp_base_mss" || strings.HasPrefix(short, "tcp_mtu_") {
			set[short] = w.Value
		}
	}
	return set, nil
}

const (
	fullMSS     = 1448 - 8         // of a path of 1500 bytes, with timestamps; a search ends tcp_probe_threshold below
	silence     = 50 * time.Second // for which acknowledgements are lost
	patience    = 60 * time.Second // for what may never come
	holeBytes   = 256 << 10        // what is sent through a black hole
	sendPause   = 5 * time.Millisecond
	samplePause = 20 * time.Millisecond
)

// looks are the times after the first lost acknowledgement at which the table tells the MSS.
var looks = []time.Duration{0, 5 * time.Second, 10 * time.Second, 30 * time.Second, silence}

// holes are the packets, in bytes, that two paths let through, with nobody to tell the sender: a tunnel, and less than
// any network is made for.
var holes = []int{1280, 576}

// probed is what became of the connections of one setting.
type probed struct {
	mss  []uint32      // of the healthy path, at looks
	back time.Duration // until it was full again, from the first acknowledgement that came through; <0: not in time
	hole []time.Duration
}

// compareMTU shows what probing does to a healthy path that loses acknowledgements, and to paths that swallow large
// packets. All of it happens at the same time, each in network namespaces of its own.
func compareMTU() error {
	settings, err := probings()
	if err != nil {
		return err
	}
	results := make([]probed, len(settings))
	errs := make(chan error)
	for i, p := range settings {
		results[i].hole = make([]time.Duration, len(holes))
		go func() { errs <- results[i].loseAcks(p.set) }()
		for j, size := range holes {
			go func() {
				var err error
				results[i].hole[j], err = throughHole(p.set, size, patience)
				errs <- err
			}()
		}
	}
	for range len(settings) * (1 + len(holes)) {
		if err := <-errs; err != nil {
			return err
		}
	}
	mtuTable(os.Stdout, settings, results)
	return nil
}

// mtuPath is two hosts and the link between them.
type mtuPath struct {
	sender, receiver netns
	out              *net.TCPConn
	in               net.Conn
}

// newMTUPath joins two namespaces. The link takes packets of 1500 bytes; what is longer than through is swallowed at
// its end, and neither side knows. Only segments that are packets
// show that, not several of them in one piece.
func newMTUPath(set map[string]string, through int) (p mtuPath, err error) {
	if p.sender, err = newNetns(); err != nil {
		return p, err
	}
	if p.receiver, err = newNetns(); err != nil {
		return p, err
	}
	// With fixed addresses of the link nobody asks for them while the answers are lost.
	err = errors.Join(
		p.sender.ip(
			fmt.Sprintf("link add s address 02:00:00:00:00:01 type veth peer name r address 02:00:00:00:00:02 netns %d",
				p.receiver.tid),
			"address add 10.0.0.1/24 dev s", "link set s up", "neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev s"),
		p.receiver.ip(
			fmt.Sprintf("link set r up mtu %d", through), "address add 10.0.0.2/24 dev r",
			"route change 10.0.0.0/24 dev r advmss 1460", "neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev r"),
		p.sender.do(func() error { return wholePackets("s") }),
		p.sender.sysctl(set),
	)
	if err != nil {
		return p, err
	}
	return p, p.connect()
}

func (p *mtuPath) connect() error {
	var l net.Listener
	err := p.receiver.do(func() (err error) {
		l, err = net.Listen("tcp4", "10.0.0.2:7000")
		return err
	})
	if err != nil {
		return err
	}
	defer l.Close()
	err = p.sender.do(func() error {
		c, err := net.Dial("tcp4", "10.0.0.2:7000")
		if err == nil {
			p.out = c.(*net.TCPConn)
		}
		return err
	})
	if err != nil {
		return err
	}
	p.in, err = l.Accept()
	return err
}

func (p *mtuPath) close() {
	_ = p.out.SetLinger(0) // what cannot arrive is not waited for
	_ = p.out.Close()
	_ = p.in.Close()
}

// info is what the kernel says about the sender's connection.
func (p *mtuPath) info() (info *unix.TCPInfo, err error) {
	raw, err := p.out.SyscallConn()
	if err != nil {
		return nil, err
	}
	ctl := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	return info, errors.Join(ctl, err)
}

// loseAcks sends all the time over a healthy path whose acknowledgements are lost for a while.
func (r *probed) loseAcks(set map[string]string) error {
	p, err := newMTUPath(set, 1500)
	if err != nil {
		return err
	}
	defer p.close()
	go func() { _, _ = io.Copy(io.Discard, p.in) }()
	go func() {
		chunk := make([]byte, 16<<10)
		for {
			if _, err := p.out.Write(chunk); err != nil {
				return // closed: it is over
			}
			time.Sleep(sendPause)
		}
	}()
	full := func(i *unix.TCPInfo) bool { return i.Snd_mss >= fullMSS }
	if _, err := p.until(patience, func(i *unix.TCPInfo) bool { return full(i) && i.Segs_out > 1000 }); err != nil {
		return err
	}
	if err := p.receiver.ip("route add blackhole 10.0.0.1"); err != nil {
		return err
	}
	began := time.Now()
	for _, at := range looks {
		time.Sleep(time.Until(began.Add(at)))
		i, err := p.info()
		if err != nil {
			return err
		}
		r.mss = append(r.mss, i.Snd_mss)
	}
	if err := p.receiver.ip("route delete blackhole 10.0.0.1"); err != nil {
		return err
	}
	// The next retransmission may be half a minute away: that wait is the same for all settings.
	answered := func(i *unix.TCPInfo) bool { return i.Backoff == 0 && i.Retransmits == 0 }
	if _, err := p.until(patience, answered); err != nil {
		return err
	}
	r.back, err = p.until(patience, full)
	if errors.Is(err, errPatience) {
		r.back, err = never, nil
	}
	return err
}

const never = time.Duration(-1)

var errPatience = errors.New("it did not come in time")

// until waits until the connection is as is says, and returns for how long.
func (p *mtuPath) until(most time.Duration, is func(*unix.TCPInfo) bool) (time.Duration, error) {
	for began := time.Now(); ; time.Sleep(samplePause) {
		i, err := p.info()
		took := time.Since(began)
		switch {
		case err != nil:
			return took, err
		case is(i):
			return took, nil
		case took > most:
			return took, errPatience
		}
	}
}

// throughHole sends over a path that swallows all packets above size, and returns how long it takes.
func throughHole(set map[string]string, size int, most time.Duration) (time.Duration, error) {
	p, err := newMTUPath(set, size)
	if err != nil {
		return 0, err
	}
	defer p.close()
	began := time.Now()
	go func() { _, _ = p.out.Write(make([]byte, holeBytes)) }()
	if err := p.in.SetReadDeadline(began.Add(most)); err != nil {
		return 0, err
	}
	_, err = io.ReadFull(p.in, make([]byte, holeBytes))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return never, nil
	}
	return time.Since(began), err
}

// mtuTable prints a row for each setting.
func mtuTable(out io.Writer, settings []probing, results []probed) {
	fmt.Fprintf(out, "\nMSS of a healthy path of 1500 bytes while its acknowledgements are lost; seconds until it is full\n"+
		"again when they come, and for %d KiB through a path that swallows longer packets (-: not in %v)\n\n",
		holeBytes>>10, patience)
	fmt.Fprintf(out, "%-24s", "")
	for _, at := range looks {
		fmt.Fprintf(out, " %6s", at)
	}
	fmt.Fprintf(out, " %6s", "full")
	for _, size := range holes {
		fmt.Fprintf(out, " %6d", size)
	}
	fmt.Fprintln(out)
	for i, r := range results {
		fmt.Fprintf(out, "%-24s", settings[i].name)
		for _, mss := range r.mss {
			fmt.Fprintf(out, " %6d", mss)
		}
		for _, took := range slices.Concat([]time.Duration{r.back}, r.hole) {
			text := "-"
			if took != never {
				text = fmt.Sprintf("%.1f", took.Seconds())
			}
			fmt.Fprintf(out, " %6s", text)
		}
		fmt.Fprintln(out)
	}
}
