package fleet

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tcptune/tcptune/server"
	"github.com/tcptune/tcptune/server/admin"
)

// silent answers nothing.
type silent struct{}

func (silent) Handle(out, in []byte) (server.Step, error) {
	return server.Step{Out: out, Consumed: len(in)}, nil
}

func expires() time.Time { return time.Unix(1, 0) }

// scraped is what the admin socket of s says.
func scraped(t *testing.T, s admin.Source) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}
