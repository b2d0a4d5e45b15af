package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func serviceSpecFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name:        "name",
			DefaultText: provision.BundledService + ", or the name of the program of --exec",
			Usage:       "call the units `SERVICE`.socket and SERVICE.service",
		},
		&cli.StringSliceFlag{
			Name:        "listen",
			Aliases:     []string{"l"},
			DefaultText: provision.DefaultListen,
			Usage:       "listen on `ADDR`: 9000, 127.0.0.1:9000, [::1]:9000, /run/x.sock, with --exec udp:9000; may be repeated",
		},
		&cli.BoolFlag{Name: "ipv6-only", Usage: "[::] takes no connections over IPv4; so it is beside 0.0.0.0, too"},
		&cli.StringFlag{Name: "interface", Usage: "take connections from the network `INTERFACE` only", DefaultText: "all"},
		&cli.IntFlag{
			Name:  "backlog",
			Value: provision.DefaultBacklog,
			Usage: "room for `N` clients that wait, capped by net.core.somaxconn",
		},
		&cli.DurationFlag{
			Name:  "drain",
			Value: provision.DefaultDrain,
			Usage: "`TIME` that open connections get when the service stops",
		},
		&cli.StringFlag{
			Name:        "protocol",
			DefaultText: provision.DefaultProtocol,
			Usage:       "speak `echo|line|frame|discard|http|relay`",
		},
		&cli.IntFlag{
			Name:        "max-conns",
			Usage:       "serve no more than `N` connections at once",
			DefaultText: "that of the server",
		},
		&cli.StringSliceFlag{
			Name:  "limit",
			Usage: "set a limit of the server, `LIMIT=VALUE` (tcptune-server --help lists them); may be repeated",
		},
		&cli.StringFlag{
			Name:        "admin",
			DefaultText: provision.DefaultAdmin,
			Usage:       "loopback `ADDR` of metrics and health",
		},
		&cli.StringSliceFlag{Name: "upstream", Usage: "relay to `ADDR`; may be repeated"},
		&cli.StringFlag{Name: "tls-cert", Usage: "serve TLS with the certificate in `FILE`, which systemd reads"},
		&cli.StringFlag{Name: "tls-key", Usage: "private key of the certificate, in `FILE`, which systemd reads"},
		&cli.StringFlag{
			Name: "tls-client-ca", Usage: "serve only clients with a certificate of an authority in `FILE`, which systemd reads",
		},
		&cli.StringFlag{
			Name:        "program",
			DefaultText: "tcptune-server beside tcptune, or " + provision.PackagedServer,
			Usage:       "`FILE` of the bundled server",
		},
		&cli.StringFlag{Name: "exec", Usage: "install `PROGRAM` of yours instead; its arguments follow --"},
		&cli.BoolFlag{Name: "network", Usage: "with --exec: it may open connections of its own"},
		&cli.BoolFlag{Name: "state-dir", Usage: "with --exec: it may write to /var/lib/SERVICE"},
		&cli.StringFlag{Name: "user", Usage: "with --exec: run as `USER`", DefaultText: "one that systemd makes up"},
		&cli.StringFlag{
			Name: "type", DefaultText: "exec",
			Usage: "with --exec: `exec|notify|notify-reload`: whether it says when it is ready, and reloads on SIGHUP, sd_notify(3)",
		},
		&cli.BoolFlag{Name: "overlap", Usage: "with --exec and --type notify: two of it may serve at once, so that it hands over"},
		&cli.StringSliceFlag{
			Name: "property", Aliases: []string{"p"},
			Usage: "with --exec: a line for its unit, `PROPERTY=VALUE`, as with systemd-run; may be repeated",
		},
	}
}

// readSpec reads the service that the command line describes. What is wrong with it is a usage error.
func readSpec(c *cli.Context, target provision.Target) (provision.Service, error) {
	s := provision.Service{
		Name: c.String("name"), Listen: c.StringSlice("listen"), Backlog: c.Int("backlog"), Drain: c.Duration("drain"),
		Protocol: c.String(
			"protocol",
		), TLSCert: c.String("tls-cert"), TLSKey: c.String("tls-key"), TLSClientCA: c.String("tls-client-ca"), Program: c.String("program"),
		IPv6Only: c.Bool("ipv6-only"), Interface: c.String("interface"),
		Network: c.Bool("network"), StateDir: c.Bool("state-dir"), User: c.String("user"),
		Type: c.String("type"), Overlap: c.Bool("overlap"), Properties: c.StringSlice("property"),
	}
	err := readLimits(c, &s)
	if err == nil {
		err = readAddresses(c, &s)
	}
	if c.IsSet("exec") {
		s.Exec = append([]string{c.String("exec")}, c.Args().Slice()...)
	} else if err == nil {
		err = noArguments(c)
	}
	if err == nil && c.IsSet("name") && s.Name == "" {
		err = errors.New(`cannot use --name "": it names the units`)
	}
	if err == nil {
		err = target.SettleService(&s)
	}
	if err != nil {
		return s, report.Usage(err.Error(), "see "+fullName(c)+" --help")
	}
	return s, nil
}

// readLimits reads --max-conns and --limit.
func readLimits(c *cli.Context, s *provision.Service) error {
	if c.IsSet("max-conns") {
		s.Limits = append(s.Limits, provision.ServiceLimit{Name: "max-conns", Value: strconv.Itoa(c.Int("max-conns"))})
	}
	for _, text := range c.StringSlice("limit") {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("cannot use --limit %q: it is LIMIT=VALUE", text)
		}
		s.Limits = append(s.Limits, provision.ServiceLimit{Name: strings.TrimLeft(name, "-"), Value: value})
	}
	return nil
}

func readAddresses(c *cli.Context, s *provision.Service) (err error) {
	if c.IsSet("admin") {
		if s.Admin, err = netip.ParseAddrPort(c.String("admin")); err != nil {
			return fmt.Errorf(
				"cannot use --admin %q: it is an address and a port, %s for instance",
				c.String("admin"),
				provision.DefaultAdmin,
			)
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
