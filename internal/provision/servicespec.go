package provision

import (
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
)

// What a service gets unless a request says otherwise.
const (
	DefaultListen   = "8080"
	DefaultProtocol = "echo"
	DefaultAdmin    = "127.0.0.1:9180"
	DefaultBacklog  = 65535 // capped by net.core.somaxconn, which profile server sets to the same
	DefaultDrain    = 30 * time.Second
	BundledService  = service.Bundled
	PackagedServer  = "/usr/bin/tcptune-server"
)

// Service is a service that is wished for. What is left out is as the constants say, or as the server has it.
type Service = service.Spec

// ServiceLimit is a limit of the bundled server.
type ServiceLimit = service.Limit

// settle fills in what was left out of s.
func settle(h host.Host, s *Service) {
	defer func() { measure(h.ReadKnob, h, s) }()
	if len(s.Listen) == 0 {
		s.Listen = []string{DefaultListen}
	}
	slices.SortStableFunc(s.Limits, func(a, b service.Limit) int { return strings.Compare(a.Name, b.Name) })
	if s.Exec != nil {
		if s.Name == "" {
			s.Name, s.Derived = path.Base(s.Exec[0]), true
		}
		return
	}
	if s.Name == "" {
		s.Name = service.Bundled
	}
	if s.Protocol == "" {
		s.Protocol = DefaultProtocol
	}
	if !s.Admin.IsValid() {
		s.Admin = netip.MustParseAddrPort(DefaultAdmin)
	}
	if s.Program == "" {
		candidates := []string{PackagedServer}
		if self, err := os.Executable(); err == nil {
			candidates = []string{filepath.Join(filepath.Dir(self), path.Base(PackagedServer)), PackagedServer}
		}
		s.Program = service.Program(h, candidates...)
	}
}

// measure fills in what follows from the kernel's own limits, as read tells them.
func measure(read func(key string) (string, error), h host.Host, s *Service) {
	s.Files, s.Memory = openFiles(read), memoryMax(read, h, *s)
}

// memoryMax asks for what the wall of a server's memory follows from.
func memoryMax(read func(key string) (string, error), h host.Host, s Service) string {
	last := func(knob string) uint64 {
		text, err := read(knob)
		if fields := strings.Fields(text); err == nil && len(fields) == 3 {
			n, _ := strconv.ParseUint(fields[2], 10, 64)
			return n
		}
		return 0
	}
	at := service.Observed{
		Receive: last("net.ipv4.tcp_rmem"), Send: last("net.ipv4.tcp_wmem"),
		Sockets: last("net.ipv4.tcp_mem") * uint64(os.Getpagesize()),
	}
	at.Machine, _ = h.MemTotal() // 0 where there is no kernel to ask
	return s.MemoryMax(at)
}

// openFiles is fs.nr_open, which caps what one process may have open; 0 where there is no kernel to ask.
func openFiles(read func(key string) (string, error)) int {
	text, err := read("fs.nr_open")
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return 0
	}
	return n
}

// SettleService fills in what was left out of s, and refuses what cannot be meant.
func (t Target) SettleService(s *Service) error {
	h, err := t.host()
	if err != nil {
		return err
	}
	settle(h, s)
	if err := s.Validate(); err != nil {
		return report.Usage(err.Error(), "")
	}
	return nil
}
