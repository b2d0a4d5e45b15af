package fetch

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/trail"
)

func TestATrailNamesTheServerAndNoSecretOfItsAddress(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	address := strings.Replace(server.URL, "http://", "http://user:secret@", 1) + "/dl/x?token=secret"
	var out bytes.Buffer
	w, err := Config{Trail: trail.New(&out)}.web()
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := w.open(t.Context(), address, nil, http.StatusOK); err == nil {
		_ = resp.Body.Close()
		t.Fatal("got an answer")
	}
	got := out.String()
	if strings.Contains(got, "secret") || !strings.Contains(got, "/dl/x?(hidden)") || !strings.Contains(got, "404 Not Found") {
		t.Errorf("got %s", got)
	}
}
