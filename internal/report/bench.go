package report

import "strconv"

// Bench is what a load test has measured, for bench. Requests that were due before the end of the warm-up are in no
// figure. Of several rounds the counts are those of all, and the rest is of the round with the median rate.
type Bench struct {
	Target    string  `json:"target"`
	Protocol  string  `json:"protocol"`
	Size      int     `json:"size"`     // bytes of a message
	Pipeline  int     `json:"pipeline"` // requests under way on a connection
	Workers   int     `json:"workers"`  // threads of the generator
	RateAsked float64 `json:"rate_asked,omitempty"`
	Warmup    float64 `json:"warmup_s"`
	Duration  float64 `json:"duration_s"` // that was measured: a count or an interrupt may end it early

	Connections BenchConnections `json:"connections"`
	Requests    BenchRequests    `json:"requests"`
	Rate        float64          `json:"rate_per_s"` // requests that were answered within the duration
	BytesOut    float64          `json:"sent_bytes_per_s"`
	BytesIn     float64          `json:"received_bytes_per_s"`
	Latency     BenchLatency     `json:"latency"`
	// Errors counts the requests that failed, by kind: "refused", "reset", "closed", "timeout", "wrong-answer", ….
	Errors map[string]uint64 `json:"errors"`
	// CPU is the share of the time in which the threads of the generator were not waiting for anything, 0 to 1.
	CPU       float64       `json:"generator_busy"`
	Saturated bool          `json:"generator_saturated"`    // the generator was the bottleneck, or may have been
	Memory    uint64        `json:"generator_memory_bytes"` // the most that the generator has had, 0 where that cannot be seen
	TCP       *BenchTCP     `json:"tcp,omitempty"`
	Limits    []BenchLimit  `json:"limits,omitempty"`
	Series    []BenchSecond `json:"series,omitempty"`
	Heat      *BenchHeat    `json:"heat,omitempty"`
	Rounds    []BenchRound  `json:"rounds,omitempty"`
	// Found is the highest rate that held what was asked of it, 0 for none, where one was looked for.
	Found *float64 `json:"found_rate,omitempty"`
	// NotAbove is the lowest rate that did not hold it, or what a closed loop reaches: the highest lies between both.
	NotAbove *float64      `json:"found_not_above,omitempty"`
	Asserted []BenchAssert `json:"asserted,omitempty"`
	Compared []Compared    `json:"compared,omitempty"`
	// Settings are what the host's settings were at that time.
	Settings map[string]string `json:"settings,omitempty"`
}

// BenchConnections are the connections of a load test.
type BenchConnections struct {
	Asked  int `json:"asked"`
	Opened int `json:"opened"` // over the whole run; a lost one is opened again
	Lost   int `json:"lost"`   // closed or reset by the service, or given up
	// LostIdle counts those that were lost while nothing was asked on them, by kind: "closed", or "wrong-answer" where something
	// came that nobody had asked for.
	LostIdle map[string]uint64 `json:"lost_idle,omitempty"`
	// Failed counts attempts that led to no connection, by kind; those of connect and talk are failed requests instead.
	Failed map[string]uint64 `json:"failed,omitempty"`
}

// BenchRequests are the requests of a load test. Sent = answered + failed.
type BenchRequests struct {
	Sent     uint64 `json:"sent"`
	Answered uint64 `json:"answered"`
	Failed   uint64 `json:"failed"`
	// Unsent were due at the rate that was asked for, and there was never a connection free for them.
	Unsent uint64 `json:"unsent,omitempty"`
}

// BenchLatency counts from when a request was due, which an open loop has alone, and from when it was sent.
type BenchLatency struct {
	Intended *Percentiles `json:"intended,omitempty"`
	Actual   *Percentiles `json:"actual,omitempty"`
	Connect  *Percentiles `json:"connect,omitempty"` // how long connections took to be opened
}

// Percentiles of a time, in microseconds.
type Percentiles struct {
	Count int64   `json:"count"`
	Min   float64 `json:"min_us"`
	Mean  float64 `json:"mean_us"`
	P50   float64 `json:"p50_us"`
	P90   float64 `json:"p90_us"`
	P99   float64 `json:"p99_us"`
	P999  float64 `json:"p999_us"`
	P9999 float64 `json:"p9999_us"`
	Max   float64 `json:"max_us"`
}

// BenchTCP is what the kernel says of the connections at the end (TCP_INFO).
type BenchTCP struct {
	Sockets     int     `json:"sockets"`
	Retransmits uint64  `json:"retransmits"`    // segments
	RTT         float64 `json:"rtt_us"`         // median of the smoothed round-trip times
	MinRTT      float64 `json:"min_rtt_us"`     // the smallest
	Delivered   uint64  `json:"bytes_acked"`    // taken by the other side since the connections stand
	Congestion  string  `json:"congestion"`     // the algorithm
	SendMSS     int     `json:"send_mss"`       // of the first
	ReceiveMSS  int     `json:"receive_mss"`    //
	Limited     float64 `json:"rwnd_limited"`   // share of the busy time spent waiting for the receiver's window
	BufLimited  float64 `json:"sndbuf_limited"` // for room in the send buffer
}

// BenchLimit is a limit of this host that the test meets, or comes near to.
type BenchLimit struct {
	Name string `json:"name"` // "open-files", "ephemeral-ports", "conntrack", "listen-backlog", "memory"
	Have uint64 `json:"have"`
	Need uint64 `json:"need"`
	Why  string `json:"why"`
	Fix  string `json:"fix"`
}

// BenchSecond is one interval of a test: a second, or more of a test that lasts longer than ten minutes.
type BenchSecond struct {
	At       float64 `json:"at_s"`
	Answered uint64  `json:"answered"`
	Failed   uint64  `json:"failed"`
	P50      float64 `json:"p50_us"`
	P99      float64 `json:"p99_us"`
	Max      float64 `json:"max_us"`
}

// BenchHeat is how many answers came at each time with each latency, as for a heat map.
type BenchHeat struct {
	Step   float64    `json:"step_s"`   // of the columns, from the end of the warm-up on
	Bands  []float64  `json:"bands_us"` // lower bounds, and the upper one of the last
	Counts [][]uint64 `json:"counts"`   // by column, by band
}

// BenchRound is one of several runs of the same test.
type BenchRound struct {
	Asked  float64 `json:"rate_asked,omitempty"`
	Rate   float64 `json:"rate_per_s"`
	P50    float64 `json:"p50_us"`
	P99    float64 `json:"p99_us"`
	Failed uint64  `json:"failed"`
	// FailedShare is that of the requests that were due, 0 to 1.
	FailedShare float64 `json:"failed_share,omitempty"`
	Held        bool    `json:"held,omitempty"` // what a rate was looked for by
}

// Compared is one figure before and after, or of A and of B. Low and High bound the ratio with 95 % confidence; they are
// nil where there were too few rounds to say.
type Compared struct {
	Workload string   `json:"workload,omitempty"`
	Metric   string   `json:"metric"`
	Before   float64  `json:"before"`
	After    float64  `json:"after"`
	Ratio    float64  `json:"ratio"` // after / before
	Low      *float64 `json:"low"`
	High     *float64 `json:"high"`
	Verdict  string   `json:"verdict"`
}

// The verdicts of a comparison.
const (
	Better   = "better"
	Worse    = "worse"
	NotShown = "no difference shown"
	// NotComparable is said of a figure that fails to tell anything, since more requests failed, or a round had no answer.
	NotComparable = "not comparable"
)

// BenchAssert is a promise that was to be held.
type BenchAssert struct {
	Text string   `json:"text"` // "p99<5ms"
	Got  *float64 `json:"got"`  // a number, or a time in microseconds, of the worst round; nil: it was not measured
	Time bool     `json:"time"` // it is a time
	Held bool     `json:"held"`
}

// Figure is what was measured, in words.
func (a BenchAssert) Figure() string {
	switch {
	case a.Got == nil:
		return "not measured"
	case a.Time:
		return Took(*a.Got)
	}
	return strconv.FormatFloat(*a.Got, 'f', -1, 64)
}
