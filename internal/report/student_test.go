package report

import (
	"math"
	"testing"
)

// The figures are those of the printed tables.
func TestStudentIsAsItsTablesHaveIt(t *testing.T) {
	for _, c := range []struct{ confidence, freedom, want float64 }{
		{0.95, 1, 12.706},
		{0.95, 2, 4.303},
		{0.95, 3, 3.182},
		{0.95, 4, 2.776},
		{0.95, 10, 2.228},
		{0.95, 30, 2.042},
		{0.95, 120, 1.980},
		{0.99, 1, 63.657},
		{0.99, 2, 9.925},
		{0.99, 3, 5.841},
		{0.99, 4, 4.604},
		{0.99, 8, 3.355},
		{0.99, 30, 2.750},
		{0.99, 60, 2.660},
		{0.95, 1e9, 1.960},
		{0.99, math.Inf(1), 2.576},
		{0.95, 0.5, 12.706},
	} {
		if got := Student(c.confidence, c.freedom); math.Abs(got-c.want) > 0.0006*max(1, c.want/10) {
			t.Errorf("%g with %g degrees: got %.4f, want %.3f", c.confidence, c.freedom, got, c.want)
		}
	}
}

// Between whole degrees, which Welch's test has, it is held against the distribution itself: with t = sqrt(n) * tan(a) the share
// within t is the integral of cos(a) ^ (n - 1), and ends at a right angle.
func TestStudentHoldsWhatItSaysBetweenWholeDegrees(t *testing.T) {
	share := func(angle, n float64) (sum float64) {
		const steps = 20000
		for i := range steps {
			sum += math.Pow(math.Cos(angle*(float64(i)+0.5)/steps), n-1) * angle / steps
		}
		return sum
	}
	for _, n := range []float64{1.2, 1.5, 1.9, 2.3, 2.7, 3.5, 4.4, 4.9, 6.6, 11.5, 77.7} {
		for _, confidence := range []float64{0.9, 0.95, 0.99} {
			got := share(math.Atan(Student(confidence, n)/math.Sqrt(n)), n) / share(math.Pi/2, n)
			if got < confidence-0.001 || got > confidence+0.006 { // rather too wide than too narrow
				t.Errorf("%g degrees: %.4f lie within, not %g", n, got, confidence)
			}
		}
	}
}
