package diagnose

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestAFigureLiesInItsBand(t *testing.T) {
	shares, times := spread{scale: twentieths}, spread{}
	for _, v := range []float64{-1, 0, 0.049, 0.051, 0.12, 1, 7} {
		shares.add(v)
	}
	for _, v := range []float64{4, 5.5, 5.7, 8, 1e30} {
		times.add(v)
	}
	s := shares.told("window-limited")
	if want := append([]int{3, 1, 1}, append(make([]int, 16), 2)...); !cmp.Equal(s.Counts, want) || s.Bands[0] != 0 || s.Bands[20] != 1 {
		t.Errorf("shares: %+v", s)
	}
	got := times.told("rtt")
	got.Counts, got.Bands = got.Counts[:4], got.Bands[:4] // up to what is more than anything
	want := Spread{Of: "rtt", Bands: []float64{4, 5.657, 8, 11.314}, Counts: []int{2, 1, 1, 0}}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0.001, 0)); diff != "" {
		t.Error(diff)
	}
	if all := newSpreads().told(); all != nil {
		t.Errorf("nothing was seen, and is told: %v", all)
	}
}
