package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTheCalmestSampleCounts(t *testing.T) {
	tests := []struct {
		name  string
		lost  []float64
		want  float64
		taken int
	}{
		{"calm at once", []float64{0.01}, 0.01, 1},
		{"calm in the end", []float64{0.5, 0.02}, 0.02, 2},
		{"never calm", []float64{0.5, 0.1, 0.2}, 0.1, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			taken := 0
			got, err := calmest(func() (echoSample, error) {
				if taken == len(tt.lost) {
					return echoSample{}, errors.New("one too many")
				}
				taken++
				return echoSample{lost: tt.lost[taken-1]}, nil
			})
			if err != nil || got.lost != tt.want || taken != tt.taken {
				t.Errorf("lost %v after %d samples, error %v; want %v after %d", got.lost, taken, err, tt.want, tt.taken)
			}
		})
	}
	some, all := disturbed([][][]echoSample{{{{lost: 0.01}, {lost: 0.2}}}, {{{lost: 0.03}, {lost: 0.04}}}})
	if some != 2 || all != 4 {
		t.Errorf("%d of %d are disturbed, want 2 of 4", some, all)
	}
}

func TestWaitedAddsUpThreads(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"1": "100 20 3\n", "2": "200 5 1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := waited(dir + "/*"); got != 25*time.Nanosecond || err != nil {
		t.Errorf("waited = %v, %v; want 25ns", got, err)
	}
	if _, err := waited(dir + "/none*"); err == nil {
		t.Error("no thread is no error")
	}
}
