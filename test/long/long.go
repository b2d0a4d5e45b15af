// Package long tells the tests that "make test" has no time for.
package long

import (
	"os"
	"testing"
)

// Only skips t but under "make test-all"; why says what takes the time.
func Only(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("TCPTUNE_LONG") == "" {
		t.Skipf("make test-all runs it (TCPTUNE_LONG=1): %s", why)
	}
}
