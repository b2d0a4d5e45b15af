package manual

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serve starts tcptune-server, on ports that are free, and stops it when it serves.
func (w workshop) serve(t *testing.T, args []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for i := range args {
		if i > 0 && (args[i-1] == "--listen" || args[i-1] == "--admin") {
			args[i] = regexp.MustCompile(`:\d+$`).ReplaceAllString(args[i], ":0")
		}
	}
	cmd := exec.CommandContext(ctx, filepath.Join(w.bin, "tcptune-server"), args...)
	log := &watched{until: "msg=serving", then: func() { _ = cmd.Process.Signal(syscall.SIGTERM) }}
	cmd.Stderr = log
	serves := !slices.Contains(args, "--check") // which ends by itself
	if err := cmd.Run(); err != nil || log.seen != serves {
		t.Errorf("tcptune-server %s: %v\n%s", strings.Join(args, " "), err, log.text.String())
	}
}

// watched keeps what is written, and calls then as soon as it holds the text until.
type watched struct {
	text  bytes.Buffer
	until string
	then  func()
	seen  bool
}

// Write never fails.
func (w *watched) Write(p []byte) (int, error) {
	w.text.Write(p)
	if !w.seen && strings.Contains(w.text.String(), w.until) {
		w.seen = true
		w.then()
	}
	return len(p), nil
}
