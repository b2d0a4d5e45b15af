package provision

import (
	"strings"
	"testing"
	"time"
)

// A mirror that is old has signed what it has: only the age of its latest tells, and an age that nobody tells is no
// youth.
func TestALatestThatIsOldOrWithoutADateIsDoubted(t *testing.T) {
	t.Parallel()
	for want, made := range map[string]time.Time{
		"":                   time.Now().Add(-30 * 24 * time.Hour),
		"made 100 days ago":  time.Now().Add(-100*24*time.Hour - time.Minute),
		"does not say when ": {},
	} {
		got := doubtLatest(made)
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("made at %s: %q, want %q", made, got, want)
		}
	}
}
