package admin_test

import (
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/tcptune/tcptune/server"
	"github.com/tcptune/tcptune/server/admin"
)

type discard struct{}

func (discard) Handle(_, in []byte) (server.Step, error) {
	return server.Step{Consumed: len(in), Messages: 1}, nil
}

// The pages belong on a socket that only this machine can reach.
func ExampleSource_Handler() {
	s, err := server.New(server.Config{Handler: server.Messages(discard{})})
	if err != nil {
		fmt.Println(err)
		return
	}
	pages := admin.Source{
		Server: s, Protocol: "discard", Version: "1.0", Started: time.Now(),
		Stuck: 4 * time.Second,
	}.Handler()
	for _, path := range []string{"/healthz", "/readyz"} {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Print(path, " ", w.Code, " ", w.Body)
	}
	// Output:
	// /healthz 200 ok
	// /readyz 503 not accepting
}
