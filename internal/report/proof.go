package report

import (
	"fmt"
	"strings"
)

// Proof is what the values of one side do better or worse than those of the other, over an emulated path.
type Proof struct {
	Scenario    string         `json:"scenario"` // a name, or "own"
	Before      string         `json:"before"`   // whose values those are: "HOST-NOW", "profile server"
	After       string         `json:"after"`
	Rounds      int            `json:"rounds"`
	Confidence  float64        `json:"confidence"` // of the interval from low to high
	Path        ProofPath      `json:"path"`
	Rows        []ProofRow     `json:"rows"`
	Settings    []ProofSetting `json:"settings"`     // in what the two sides differ
	NotProvable []ProofAbsence `json:"not_provable"` // keys that a network namespace does not have by itself
	NotMeasured []ProofAbsence `json:"not_measured"` // workloads that the path did not carry, in some rounds or in all
}

// ProofPath is what the path was to be like, and what it was. Each direction loses packets by itself.
type ProofPath struct {
	Kind     string           `json:"kind"` // "netem", or "tun" for an emulator of our own
	RTT      float64          `json:"rtt_ms"`
	Jitter   float64          `json:"jitter_ms"`
	Loss     float64          `json:"loss"`  // a share: 0.01
	Burst    float64          `json:"burst"` // packets lost in a row on average; 0: each by itself
	Reorder  float64          `json:"reorder"`
	Rate     int64            `json:"rate_bps"`    // 0: no limit
	Queue    int64            `json:"queue_bytes"` //
	Seed     uint64           `json:"seed"`
	Measured ProofMeasurement `json:"measured"`
}

// ProofMeasurement is what the path has really given, over all runs that count.
type ProofMeasurement struct {
	Runs       int     `json:"runs"`
	Repeated   int     `json:"repeated"` // runs that do not count, since the path was not as it should be
	Packets    uint64  `json:"packets"`
	Delay      float64 `json:"delay_ms"` // of both directions, without the queue
	Loss       float64 `json:"loss"`
	Overflowed uint64  `json:"queue_drops"`
	Rate       int64   `json:"rate_bps"` // while packets waited for it, in the busiest run; 0: they hardly ever did
	LateP99    float64 `json:"late_p99_us"`
	LateMax    float64 `json:"late_max_us"`
}

// ProofRow is one figure of a workload, on both sides.
type ProofRow struct {
	Key      string   `json:"key,omitempty"` // which alone makes the difference, with --each
	Workload string   `json:"workload"`      // "bulk", "connections", "requests", "idle"
	Metric   string   `json:"metric"`        // "goodput", "p99"
	Unit     string   `json:"unit"`          // "Mbit/s", "ms", "1/s", "%", "KiB"
	Better   string   `json:"better"`        // "higher" or "lower"
	Before   float64  `json:"before"`        // the geometric mean of the rounds, or the mean where one of them is 0
	After    float64  `json:"after"`
	Ratio    *float64 `json:"ratio"` // after by before; null where one of them is 0
	Low      *float64 `json:"low"`   // its confidence interval
	High     *float64 `json:"high"`
	Verdict  string   `json:"verdict"` // [Better], [Worse], [NotShown]
}

// ProofSetting is a key that the two sides have not alike.
type ProofSetting struct {
	Target string `json:"target"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// ProofAbsence is something about which nothing is said, and why.
type ProofAbsence struct {
	Target string `json:"target"` // a key, or a workload
	Reason string `json:"reason"`
}

// Asked is what the path was to be, in words.
func (p ProofPath) Asked() string {
	words := []string{fmt.Sprintf("%g ms", p.RTT)}
	if p.Jitter > 0 {
		words = append(words, fmt.Sprintf("jitter %g ms", p.Jitter))
	}
	if p.Loss > 0 {
		words = append(words, fmt.Sprintf("loss %.4g %%", 100*p.Loss))
	}
	if p.Burst > 1 {
		words = append(words, fmt.Sprintf("in bursts of %g", p.Burst))
	}
	if p.Reorder > 0 {
		words = append(words, fmt.Sprintf("%.4g %% overtake", 100*p.Reorder))
	}
	if p.Rate > 0 {
		words = append(words, fmt.Sprintf("%g Mbit/s", float64(p.Rate)/1e6), fmt.Sprintf("queue %d bytes", p.Queue))
	}
	return strings.Join(words, ", ")
}

// Gave is what the path was, in words.
func (p ProofPath) Gave() string {
	m := p.Measured
	text := fmt.Sprintf("%.2f ms, loss %.3f %%", m.Delay, 100*m.Loss)
	if m.Rate > 0 {
		text += fmt.Sprintf(", %.1f Mbit/s", float64(m.Rate)/1e6)
	}
	text += fmt.Sprintf("; at worst 1 packet in 100 was more than %.2f ms late", m.LateP99/1e3)
	switch m.Repeated {
	case 0:
		return text
	case 1:
		return text + "; 1 run repeated"
	}
	return text + fmt.Sprintf("; %d runs repeated", m.Repeated)
}
