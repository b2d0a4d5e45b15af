package plan

import (
	"crypto/sha256"
	"fmt"
	"log/slog"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/trail"
)

// tell says what a write was to make of a target, and what was read back.
func (s *Session) tell(step string, ref Ref, before, after, now *string, err error) {
	if t := s.h.Trail(); t.On() {
		t.Step(step, slog.String("kind", string(ref.Kind)), slog.String("target", ref.Target),
			slog.String("before", brief(ref, before)), slog.String("after", brief(ref, after)),
			slog.String("read_back", brief(ref, now)), trail.Failed(err))
	}
}

// brief is a value for a trail. Of a file it is the size and a digest: a unit may hold an environment.
func brief(ref Ref, value *string) string {
	switch {
	case value == nil:
		return "absent"
	case ref.Kind == report.File:
		return fmt.Sprintf("%d bytes, sha256 %.6x", len(*value), sha256.Sum256([]byte(*value)))
	}
	return trail.Value(ref.Target, *value)
}
