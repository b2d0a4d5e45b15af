// Package busy is for tests of what takes its time on a machine that may be short of processors.
package busy

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The shares of the time that programs waited for a processor: from some on, what goes wrong is tried again, and from most on it
// says nothing, however often it is tried.
const (
	some, most = 0.2, 0.5
	tries      = 4
)

// Again calls once in a test of its own, and again while it returns that something is wrong and the machine was short of
// processors. It returns what is wrong at last; where each time was short of most of them it skips t, which says why.
func Again(t *testing.T, once func(t *testing.T) (wrong []string)) (wrong []string) {
	t.Helper()
	least := 1.0
	for left := tries - 1; ; left-- {
		begin, before := time.Now(), waited(t)
		made := t.Run("once", func(t *testing.T) { wrong = once(t) })
		share := float64(waited(t)-before) / float64(time.Since(begin))
		least = min(least, share)
		if !made || wrong == nil || share < some {
			return wrong
		}
		t.Logf("%s, while programs waited for a processor %.0f %% of the time", strings.Join(wrong, "; "), 100*share)
		switch {
		case left > 0:
		case least >= most:
			t.Skipf("this machine is too busy: programs waited for a processor %.0f %% of the time or more, each of %d times", 100*least, tries)
		default:
			return wrong
		}
	}
}

// waited is how long some program of this machine has waited for a processor (Documentation/accounting/psi.rst), or a
// hypervisor has kept one from it; 0 where the kernel does not count.
func waited(t *testing.T) time.Duration {
	t.Helper()
	text, err := os.ReadFile("/proc/pressure/cpu")
	if err != nil {
		t.Logf("how busy this machine is cannot be told: %v", err)
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	_, total, _ := strings.Cut(first, "total=")
	us, err := strconv.ParseInt(total, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	stolen, err := strconv.ParseInt(strings.Fields(string(stat))[8], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(us)*time.Microsecond + time.Duration(stolen)*10*time.Millisecond
}
