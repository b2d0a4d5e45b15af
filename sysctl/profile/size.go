package profile

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// largestBuffer is the largest window that TCP can announce: 65535 << 14, one GiB (RFC 7323, section 2.3).
const largestBuffer = 1 << 30

// memoryShare bounds one buffer by memory/32: the kernel lets all TCP buffers together take 9.4 % of memory (tcp_mem),
// and no single connection should be able to take more than a third of that.
const memoryShare = 32

// Path is the network path that buffers are sized for, and the machine at this end of it.
type Path struct {
	BitsPerSecond int64
	RTT           time.Duration
	Flows         int                     // connections that use the path at the same time; 0: not held against memory
	MemoryBytes   int64                   // MemTotal; 0: unknown, no cap
	TCPMemPages   int64                   // the third field of tcp_mem, in pages; 0: unknown
	PageSize      int64                   // bytes
	Congestion    string                  // "bbr", "cubic" …
	Kernel        catalogue.KernelVersion // zero: unknown, taken for the newest of the catalogue
}

// Sizing is the result, and how it came about.
type Sizing struct {
	Steps      []report.Step
	ReceiveMax int64 // bytes, for the third field of tcp_rmem
	SendMax    int64 // bytes, for the third field of tcp_wmem
	Warnings   []string
}

// Size computes how far buffers must be able to grow to keep the path p full.
func Size(c *catalogue.Catalogue, p Path) (Sizing, error) {
	if p.BitsPerSecond <= 0 || p.RTT <= 0 {
		return Sizing{}, fmt.Errorf("cannot size buffers: bandwidth and round-trip time must be positive")
	}
	if p.Flows < 0 {
		return Sizing{}, fmt.Errorf("cannot size buffers: flows must not be negative, got %d", p.Flows)
	}
	s := Sizing{}
	bdp := delayProduct(p.BitsPerSecond, p.RTT)
	s.step("bandwidth-delay product", fmt.Sprintf("%s / 8 x %s", formatRate(p.BitsPerSecond), p.RTT), bytesText(bdp))

	s.ReceiveMax = saturatingMul(bdp, 2)
	s.step("receive buffer",
		fmt.Sprintf("2 x %d: the window, and as much again for packet overhead and reordering", bdp),
		bytesText(s.ReceiveMax))
	factor, reason := int64(2), "what is in flight, and as much again for what is queued behind it"
	if p.Congestion == "bbr" {
		factor, reason = 3, "bbr keeps up to 2 x BDP in flight, and the next round is queued behind it"
	}
	s.SendMax = saturatingMul(bdp, factor)
	s.step("send buffer", fmt.Sprintf("%d x %d: %s", factor, bdp, reason), bytesText(s.SendMax))

	s.limit(p)
	if err := s.floor(c, p); err != nil {
		return Sizing{}, err
	}
	s.holdAgainstMemory(p)
	return s, nil
}

func (s *Sizing) step(label, arithmetic, result string) {
	s.Steps = append(s.Steps, report.Step{Label: label, Arithmetic: arithmetic, Result: result})
}

func (s *Sizing) warn(format string, args ...any) {
	s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...))
}

// limit keeps both buffers below what TCP can use and what memory can bear.
func (s *Sizing) limit(p Path) {
	most, why := int64(largestBuffer), "the largest window that TCP can announce, 65535 << 14 (RFC 7323)"
	if p.MemoryBytes > 0 {
		share := p.MemoryBytes / memoryShare
		s.step("memory cap", fmt.Sprintf("%s of memory / %d: a third of what the kernel allows for all TCP buffers",
			formatBytes(p.MemoryBytes), memoryShare), bytesText(share))
		if share < most {
			most, why = share, "memory"
		}
	} else {
		s.step("memory cap", "the size of memory is not known here", "none")
	}
	s.step("window cap", "65535 << 14, the largest window that TCP can announce (RFC 7323)", bytesText(largestBuffer))
	if s.ReceiveMax > most || s.SendMax > most {
		s.warn("the path needs up to %s per connection, buffers are capped at %s by %s: one connection will not fill it",
			formatBytes(max(s.ReceiveMax, s.SendMax)), formatBytes(most), why)
	}
	s.ReceiveMax, s.SendMax = min(s.ReceiveMax, most), min(s.SendMax, most)
}

// floor keeps both buffers from falling below what the kernel would give without us.
func (s *Sizing) floor(c *catalogue.Catalogue, p Path) error {
	for _, side := range []struct {
		key, label string
		size       *int64
	}{{"net.ipv4.tcp_rmem", "receive", &s.ReceiveMax}, {"net.ipv4.tcp_wmem", "send", &s.SendMax}} {
		k, err := c.Lookup(side.key)
		if err != nil {
			return err
		}
		d, ok := k.DefaultOf(p.Kernel)
		if !ok {
			return fmt.Errorf("cannot size buffers: the catalogue has no default of %s for Linux %s", side.key, p.Kernel)
		}
		least := d.Scale.Of(p.MemoryBytes)
		if p.MemoryBytes <= 0 {
			least = d.Scale.Max
		}
		s.step("kernel's own "+side.label+" maximum",
			fmt.Sprintf("min(%s, memory / %d) on Linux %s: its default, no ceiling",
				formatBytes(d.Scale.Max), d.Scale.Per, kernelText(p.Kernel)), bytesText(least))
		if *side.size < least {
			s.step(side.label+" buffer, never lower", "the path needs less than the kernel gives anyway", bytesText(least))
			*side.size = least
		}
	}
	s.step("result, receive", "third field of net.ipv4.tcp_rmem", bytesText(s.ReceiveMax))
	s.step("result, send", "third field of net.ipv4.tcp_wmem", bytesText(s.SendMax))
	return nil
}

func kernelText(v catalogue.KernelVersion) string {
	if !v.Known() {
		return "of the newest kind"
	}
	return v.String()
}

// holdAgainstMemory compares the buffers of all flows, full on both sides, with the limit at which the kernel stops
// giving memory to TCP.
func (s *Sizing) holdAgainstMemory(p Path) {
	if p.Flows == 0 {
		return
	}
	if p.TCPMemPages <= 0 || p.PageSize <= 0 {
		s.warn("whether memory suffices for %d connections is not known: net.ipv4.tcp_mem cannot be read here", p.Flows)
		return
	}
	one := s.ReceiveMax + s.SendMax
	all := saturatingMul(one, int64(p.Flows))
	limit := saturatingMul(p.TCPMemPages, p.PageSize)
	s.step("all flows at once", fmt.Sprintf("%d x (%d + %d)", p.Flows, s.ReceiveMax, s.SendMax), bytesText(all))
	s.step("tcp_mem, hard limit", fmt.Sprintf("%d pages x %d bytes", p.TCPMemPages, p.PageSize), bytesText(limit))
	if all > limit {
		s.warn("%d connections with full buffers want %s, tcp_mem stops at %s: %d of them can be full at the same time",
			p.Flows, formatBytes(all), formatBytes(limit), limit/one)
	}
}

// delayProduct is rate / 8 x rtt in bytes, rounded up, computed in 128 bits: 10 Tbit/s x 60 s passes 64.
func delayProduct(bitsPerSecond int64, rtt time.Duration) int64 {
	const divisor = 8 * uint64(time.Second)
	high, low := bits.Mul64(uint64(bitsPerSecond), uint64(rtt))
	if high >= divisor {
		return math.MaxInt64
	}
	quotient, remainder := bits.Div64(high, low, divisor)
	if remainder > 0 {
		quotient++
	}
	return int64(min(quotient, math.MaxInt64))
}

func saturatingMul(a, b int64) int64 {
	high, low := bits.Mul64(uint64(a), uint64(b))
	if high > 0 || low > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(low)
}

func bytesText(n int64) string {
	exact := strconv.FormatInt(n, 10) + " bytes"
	if short := formatBytes(n); !strings.HasSuffix(short, " bytes") {
		return exact + " (" + short + ")"
	}
	return exact
}
