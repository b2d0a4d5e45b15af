package page

import "math"

// Axis is what one side of a chart measures.
type Axis struct {
	Low, High float64
	Log       bool
	Words     func(float64) string // a figure with its unit
	Ticks     []float64            // where it is written; none: where round figures are
}

// place is where a value lies, from 0 to 1.
func (a Axis) place(v float64) float64 {
	low, high := a.Low, a.High
	if a.Log {
		low, high, v = math.Log(low), math.Log(high), math.Log(max(v, low))
	}
	if high <= low {
		return 0.5
	}
	return min(1, max(0, (v-low)/(high-low)))
}

// ticks are round figures within the axis, no more than so many.
func (a Axis) ticks(most int) (list []float64) {
	if a.Ticks != nil {
		return a.Ticks
	}
	if a.Log {
		return a.decades(most)
	}
	step := roundUp((a.High - a.Low) / float64(most))
	for i := math.Ceil(a.Low / step); i*step <= a.High*(1+1e-9) && step > 0; i++ {
		list = append(list, i*step)
	}
	return list
}

// decades are 1, 10, 100 …, with 2 and 5 between them where there is room, or some of them where there is not.
func (a Axis) decades(most int) (list []float64) {
	for _, within := range [][]float64{{1, 2, 5}, {1, 3}, {1}} {
		list = list[:0]
		for e := math.Floor(math.Log10(a.Low)); e <= math.Log10(a.High); e++ {
			for _, m := range within {
				if v := m * math.Pow(10, e); v >= a.Low*(1-1e-9) && v <= a.High*(1+1e-9) {
					list = append(list, v)
				}
			}
		}
		if len(list) <= most {
			break
		}
	}
	return list
}

// roundUp is the next of 1, 2, 5, 10, ….
func roundUp(v float64) float64 {
	if v <= 0 {
		return 1
	}
	base := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if v <= m*base*(1+1e-9) {
			return m * base
		}
	}
	return 10 * base
}

// Until is an axis from 0 to a round figure above most.
func Until(most float64, words func(float64) string) Axis {
	step := roundUp(most / 5)
	return Axis{High: max(step, math.Ceil(most/step-1e-9)*step), Words: words}
}

// Decades is a logarithmic axis that holds both.
func Decades(low, high float64, words func(float64) string) Axis {
	floor := math.Pow(10, math.Floor(math.Log10(max(low, 1e-9))))
	if low >= 5*floor {
		floor *= 5
	} else if low >= 2*floor {
		floor *= 2
	}
	return Axis{Low: floor, High: max(roundUp(high), 2*floor), Log: true, Words: words}
}
