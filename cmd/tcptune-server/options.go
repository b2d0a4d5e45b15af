package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// The exit codes.
const (
	exitDone   = 0 // stopped as asked
	exitFailed = 1
	exitUsage  = 64 // EX_USAGE of sysexits.h
	goOn       = -1 // no exit code yet
)

// options are what the command line and the environment say.
type options struct {
	protocol  string
	listen    []string
	admin     []string
	upstreams []string
	limitFile string
	given     map[string]string // limits of the command line and the environment: they win over the file
	tlsCert   string
	tlsKey    string

	tlsClientCA string

	upstreamCA   string // a file, or "system"; "": no TLS
	upstreamName string
	upstreamCert string
	upstreamKey  string

	engine    string
	logFormat string
	logLevel  string
	checkOnly bool // --check
}

// environPrefix stands before the name of a flag in the environment: TCPTUNE_SERVER_MAX_CONNS.
const environPrefix = "TCPTUNE_SERVER_"

const usage = `tcptune-server serves a TCP protocol to many connections.

Usage: tcptune-server [flags]

Its sockets come from systemd (the one named "admin" for metrics and health), or from --listen and --admin.

Examples:
  tcptune-server --listen :8080 --protocol line
  tcptune-server --listen 127.0.0.1:8080 --protocol http --admin 127.0.0.1:9180
  tcptune-server --listen :8080 --protocol relay --upstream 10.0.0.2:9000 --upstream 10.0.0.3:9000
  tcptune-server --check --limits /etc/tcptune/tcptune-server.yaml

SIGTERM drains: what is in flight is finished, each client learns which answer is its last, then it ends; a second one ends it at once.
SIGHUP reads the file of limits and the certificate again; a certificate that has changed is found without it, too. Each flag can be given in the environment as well: TCPTUNE_SERVER_MAX_CONNS=1000.

Exit codes: 0 stopped as asked, 1 failed, or ended by a second signal, 64 usage.

Flags:
`

// readOptions reads the command line. code is an exit code, or goOn.
func readOptions(args, environ []string, stdout, stderr io.Writer) (o options, code int) {
	o.given = map[string]string{}
	set := flag.NewFlagSet("tcptune-server", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	repeated := func(to *[]string) func(string) error {
		return func(s string) error { *to = append(*to, s); return nil }
	}
	set.Func("listen", "serve `ADDR:PORT`; may be repeated", repeated(&o.listen))
	set.StringVar(&o.protocol, "protocol", "echo", "speak `NAME`: "+strings.Join(protocolNames(), ", "))
	set.Func("admin", "serve metrics and health on the loopback address `ADDR:PORT`, or on a Unix socket, the path of a file "+
		"that only the own user and group may open, these and profiles and connections; may be given once for each",
		repeated(&o.admin))
	set.Func("upstream", "relay to `ADDR:PORT`; may be repeated", repeated(&o.upstreams))
	set.StringVar(&o.limitFile, "limits", "",
		"read limits from the YAML `FILE`, again on SIGHUP; its keys are the names of the flags that are limits")
	set.StringVar(&o.tlsCert, "tls-cert", "",
		"serve TLS with the certificates in the PEM `FILE`; without it, with tls.crt of $CREDENTIALS_DIRECTORY where that is")
	set.StringVar(&o.tlsKey, "tls-key", "",
		"the private key of the certificates, a PEM `FILE`; without it, tls.key beside tls.crt")
	set.StringVar(&o.tlsClientCA, "tls-client-ca", "",
		"serve only clients with a certificate of one of the authorities in the PEM `FILE`; without it, in tls-client-ca.crt of $CREDENTIALS_DIRECTORY")
	set.StringVar(&o.upstreamCA, "upstream-ca", "",
		"relay: speak TLS to upstreams, whose certificates are of an authority in the PEM `FILE`, or system for those that this host "+
			"trusts; without it, in upstream-ca.crt of $CREDENTIALS_DIRECTORY where that is")
	set.StringVar(&o.upstreamName, "upstream-name", "",
		"relay: certificates of upstreams are for `NAME`; without it, for the host of their address")
	set.StringVar(&o.upstreamCert, "upstream-cert", "",
		"relay: show upstreams the certificate in the PEM `FILE`; without it, upstream.crt of $CREDENTIALS_DIRECTORY where that is")
	set.StringVar(&o.upstreamKey, "upstream-key", "", "relay: the private key of that certificate, a PEM `FILE`; upstream.key beside upstream.crt")
	set.StringVar(&o.engine, "engine", "auto",
		"drive connections by `auto|loop|goroutine`, for comparison: auto is loop where the protocol and TLS let it, goroutine for http, relay and TLS")
	set.StringVar(&o.logFormat, "log-format", "auto",
		"log as `auto|text|json`; auto is text for a terminal, and lines with a priority for the journal")
	set.StringVar(&o.logLevel, "log-level", "info", "log what is at least `debug|info|warn|error`")
	set.BoolVar(&o.checkOnly, "check", false,
		"say whether flags, limits, certificate and addresses can be used, and open, bind and serve nothing")
	showVersion := set.Bool("version", false, "print the version")
	for _, l := range limitFlags() {
		set.Func(l.name, l.usage(), func(value string) error {
			o.given[l.name] = value
			var into limits
			return l.set(&into, value)
		})
	}
	if err := fromEnviron(set, environ); err != nil {
		return o, fail(stderr, exitUsage, err)
	}
	err := set.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		set.SetOutput(stdout)
		set.PrintDefaults()
		return o, exitDone
	case err != nil:
		return o, fail(stderr, exitUsage, ourWords(err))
	case set.NArg() > 0:
		return o, fail(stderr, exitUsage, fmt.Errorf("cannot use argument %q: there are only flags", set.Arg(0)))
	case *showVersion:
		fmt.Fprintln(stdout, "tcptune-server", version)
		return o, exitDone
	}
	if err := o.check(); err != nil {
		return o, fail(stderr, exitUsage, err)
	}
	return o, goOn
}

// ourWords says what package flag says of the command line as an operator has typed it.
func ourWords(err error) error {
	for _, words := range []struct{ theirs, ours string }{
		{`flag provided but not defined: -(.*)`, "cannot use --$1: there is no such flag, --help lists them"},
		{`flag needs an argument: -(.*)`, "cannot use --$1: it needs a value"},
		{`invalid (?:boolean )?value "(.*)" for (?:flag )?-([^:]*): (.*)`, "cannot use --$2 $1: $3"},
	} {
		if re := regexp.MustCompile(`(?s)^` + words.theirs + `$`); re.MatchString(err.Error()) {
			return errors.New(re.ReplaceAllString(err.Error(), words.ours))
		}
	}
	return fmt.Errorf("cannot read the command line: %w", err)
}

func fail(stderr io.Writer, code int, err error) int {
	fmt.Fprintln(stderr, "tcptune-server:", err)
	return code
}

// fromEnviron sets flags from the environment; the command line comes later, and wins.
func fromEnviron(set *flag.FlagSet, environ []string) error {
	for _, variable := range environ {
		key, value, _ := strings.Cut(variable, "=")
		name, ours := strings.CutPrefix(key, environPrefix)
		if !ours {
			continue
		}
		name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
		if set.Lookup(name) == nil {
			return fmt.Errorf("cannot use %s of the environment: there is no flag --%s", key, name)
		}
		if err := set.Set(name, value); err != nil {
			return fmt.Errorf("cannot use %s of the environment: %w", key, err)
		}
	}
	return nil
}

func (o options) check() error {
	switch {
	case !slices.Contains(protocolNames(), o.protocol):
		return fmt.Errorf("cannot speak protocol %q: it is one of %s", o.protocol, strings.Join(protocolNames(), ", "))
	case o.protocol == relay && len(o.upstreams) == 0:
		return errors.New("cannot relay: --upstream is needed")
	case o.protocol != relay && len(o.upstreams) > 0:
		return errors.New("cannot use --upstream without --protocol relay")
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return errors.New("cannot serve TLS: --tls-cert and --tls-key belong together")
	case !slices.Contains(engineNames(), o.engine):
		return fmt.Errorf("cannot use engine %q: it is %s", o.engine, strings.Join(engineNames(), ", "))
	case !slices.Contains([]string{"auto", "text", "json"}, o.logFormat):
		return fmt.Errorf("cannot log as %q: it is auto, text or json", o.logFormat)
	}
	for _, address := range o.listen {
		if err := checkListen(address); err != nil {
			return err
		}
	}
	for _, address := range o.admin {
		if err := checkAdmin(address); err != nil {
			return err
		}
	}
	return nil
}

// engineNames are the engines of package server, in the order of its numbers.
func engineNames() []string { return []string{"auto", "goroutine", "loop"} }

// wantsLoops tells whether event loops drive connections that do not speak TLS.
func (o options) wantsLoops() bool {
	return o.engine != "goroutine" && o.protocol != "http" && o.protocol != relay
}

// checkListen refuses what nobody can connect to. Whether a name stands for an address is asked when it is bound.
func checkListen(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("cannot use --listen %s: it is not ADDR:PORT", address)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("cannot use --listen %s: there is no port %q", address, port)
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
	case ip.IsMulticast() || ip.Unmap() == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return fmt.Errorf("cannot use --listen %s: TCP has no connections to a group of hosts", address)
	case ip.IsLinkLocalUnicast() && ip.Is6() && ip.Zone() == "":
		return fmt.Errorf("cannot use --listen %s: a link-local address needs its interface, [%s%%eth0]:%s", address, ip, port)
	}
	return nil
}

func checkAdmin(address string) error {
	if isPath(address) {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("cannot use --admin %s: it is neither ADDR:PORT nor the path of a Unix socket", address)
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("cannot use --admin %s: nobody is asked for a password there, "+
			"so it has to be a loopback address", address)
	}
	return nil
}

// isPath tells a Unix socket from an address.
func isPath(address string) bool { return strings.HasPrefix(address, "/") }
