package main

import (
	"fmt"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
)

// What the bundled server gets unless flags say otherwise.
const (
	defaultListen   = "8080"
	defaultProtocol = "echo"
	defaultAdmin    = "127.0.0.1:9180"
	defaultBacklog  = 65535 // capped by net.core.somaxconn, which profile server sets to the same
	defaultDrain    = 30 * time.Second
	packagedServer  = "/usr/bin/tcptune-server"
)

func serviceSpecFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "name", DefaultText: service.Bundled + ", or the name of the program of --exec", Usage: "call the units `SERVICE`.socket and SERVICE.service"},
		&cli.StringSliceFlag{Name: "listen", Aliases: []string{"l"}, DefaultText: defaultListen, Usage: "listen on `ADDR`: 9000, 127.0.0.1:9000 or [::1]:9000; may be repeated"},
		&cli.IntFlag{Name: "backlog", Value: defaultBacklog, Usage: "room for `N` clients that wait, capped by net.core.somaxconn"},
		&cli.DurationFlag{Name: "drain", Value: defaultDrain, Usage: "`TIME` that open connections get when the service stops"},
		&cli.StringFlag{Name: "protocol", DefaultText: defaultProtocol, Usage: "speak `echo|line|frame|discard|http|relay`"},
		&cli.IntFlag{Name: "max-conns", Usage: "serve no more than `N` connections at once", DefaultText: "that of the server"},
		&cli.StringSliceFlag{Name: "limit", Usage: "set a limit of the server, `LIMIT=VALUE` (tcptune-server --help lists them); may be repeated"},
		&cli.StringFlag{Name: "admin", DefaultText: defaultAdmin, Usage: "loopback `ADDR` of metrics, health and profiles"},
		&cli.StringSliceFlag{Name: "upstream", Usage: "relay to `ADDR`; may be repeated"},
		&cli.StringFlag{Name: "tls-cert", Usage: "serve TLS with the certificate in `FILE`, which systemd reads"},
		&cli.StringFlag{Name: "tls-key", Usage: "private key of the certificate, in `FILE`, which systemd reads"},
		&cli.StringFlag{Name: "program", DefaultText: "tcptune-server beside tcptune, or " + packagedServer, Usage: "`FILE` of the bundled server"},
		&cli.StringFlag{Name: "exec", Usage: "install `PROGRAM` of yours instead; its arguments follow --"},
		&cli.BoolFlag{Name: "network", Usage: "with --exec: it may open connections of its own"},
		&cli.BoolFlag{Name: "state-dir", Usage: "with --exec: it may write to /var/lib/SERVICE"},
		&cli.StringFlag{Name: "user", Usage: "with --exec: run as `USER`", DefaultText: "one that systemd makes up"},
	}
}

// readSpec reads the service that the command line describes. What is wrong with it is a usage error.
func readSpec(c *cli.Context, h host.Host) (service.Spec, error) {
	s := service.Spec{
		Name: c.String("name"), Listen: c.StringSlice("listen"), Backlog: c.Int("backlog"), Drain: c.Duration("drain"),
		Protocol: c.String("protocol"), TLSCert: c.String("tls-cert"), TLSKey: c.String("tls-key"), Program: c.String("program"),
		Network: c.Bool("network"), StateDir: c.Bool("state-dir"), User: c.String("user"), Files: openFiles(h),
	}
	err := readLimits(c, &s)
	if err == nil {
		err = readAddresses(c, &s)
	}
	if err == nil {
		err = settle(c, h, &s)
	}
	if err == nil {
		err = s.Validate()
	}
	if err != nil {
		return s, report.Usage(err.Error(), "see "+fullName(c)+" --help")
	}
	return s, nil
}

// settle fills in what was left out.
func settle(c *cli.Context, h host.Host, s *service.Spec) error {
	if len(s.Listen) == 0 {
		s.Listen = []string{defaultListen}
	}
	if c.IsSet("exec") {
		s.Exec = append([]string{c.String("exec")}, c.Args().Slice()...)
		if !c.IsSet("name") {
			s.Name = path.Base(c.String("exec"))
		}
		return nil
	}
	if err := noArguments(c); err != nil {
		return err
	}
	if !c.IsSet("name") {
		s.Name = service.Bundled
	}
	if s.Protocol == "" {
		s.Protocol = defaultProtocol
	}
	if !s.Admin.IsValid() {
		s.Admin = netip.MustParseAddrPort(defaultAdmin)
	}
	if s.Program == "" {
		candidates := []string{packagedServer}
		if self, err := os.Executable(); err == nil {
			candidates = []string{filepath.Join(filepath.Dir(self), path.Base(packagedServer)), packagedServer}
		}
		s.Program = service.Program(h, candidates...)
	}
	return nil
}

// readLimits reads --max-conns and --limit, in the order of their names: the order on the command line means nothing.
func readLimits(c *cli.Context, s *service.Spec) error {
	if c.IsSet("max-conns") {
		s.Limits = append(s.Limits, service.Limit{Name: "max-conns", Value: strconv.Itoa(c.Int("max-conns"))})
	}
	for _, text := range c.StringSlice("limit") {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("cannot use --limit %q: it is LIMIT=VALUE", text)
		}
		s.Limits = append(s.Limits, service.Limit{Name: strings.TrimLeft(name, "-"), Value: value})
	}
	slices.SortStableFunc(s.Limits, func(a, b service.Limit) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func readAddresses(c *cli.Context, s *service.Spec) (err error) {
	if c.IsSet("admin") {
		if s.Admin, err = netip.ParseAddrPort(c.String("admin")); err != nil {
			return fmt.Errorf("cannot use --admin %q: it is an address and a port, %s for instance", c.String("admin"), defaultAdmin)
		}
	}
	for _, text := range c.StringSlice("upstream") {
		a, err := netip.ParseAddrPort(text)
		if err != nil {
			return fmt.Errorf("cannot use --upstream %q: it is an IP address and a port, 10.0.0.5:9000 for instance", text)
		}
		s.Upstreams = append(s.Upstreams, a)
	}
	return nil
}

// openFiles is fs.nr_open, which caps what one process may have open; 0 where there is no kernel to ask.
func openFiles(h host.Host) int {
	text, err := h.ReadKnob("fs.nr_open")
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return 0
	}
	return n
}
