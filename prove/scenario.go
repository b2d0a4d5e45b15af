package prove

import (
	"time"

	"github.com/tcptune/tcptune/prove/path"
)

// Scenario is a path with a name.
type Scenario struct {
	Name, About string
	Shape       path.Shape
}

// DefaultScenario is taken where none is named.
const DefaultScenario = "continental"

// Scenarios are the paths that have a name. A queue that is not told is one bandwidth-delay product.
func Scenarios() []Scenario {
	ms := time.Millisecond
	return []Scenario{
		{"lan", "one data centre, 1 ms, 1 Gbit/s", path.Shape{RTT: 1 * ms, Rate: 1e9, Queue: 512 << 10}},
		{"continental", "clients of the same continent, 25 ms, 0.05 % loss, 200 Mbit/s", path.Shape{RTT: 25 * ms, Loss: 0.0005, Rate: 200e6}},
		{"intercontinental", "clients over an ocean, 80 ms, 1 % loss, 100 Mbit/s", path.Shape{RTT: 80 * ms, Loss: 0.01, Rate: 100e6}},
		{
			"lossy-mobile", "a phone that moves, 60 ms and 10 ms of jitter, 2 % loss in bursts, 20 Mbit/s",
			path.Shape{RTT: 60 * ms, Jitter: 10 * ms, Loss: 0.02, Burst: 4, Rate: 20e6, Queue: 256 << 10},
		},
		{"long-fat-pipe", "much bandwidth, far away, 300 ms, 200 Mbit/s", path.Shape{RTT: 300 * ms, Rate: 200e6}},
		{"bufferbloat", "a queue of a second before a slow link, 40 ms, 20 Mbit/s", path.Shape{RTT: 40 * ms, Rate: 20e6, Queue: 2_500_000}},
	}
}
