package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
)

// What systemd itself says of units that is about a failure, sd-messages.h: the end of a process, and the failure of a
// unit. All else that it says, in a crash loop at each turn, is that it stops and starts.
const (
	processExit = "98e322203f7a4ed290d09fe03c09fe15"
	unitFailure = "d9b373ed55a64feb8242e02dbe79a49c"
)

// entry is a line of the journal, as journalctl -o json prints it.
type entry struct {
	Message any    `json:"MESSAGE"` // a list of bytes where it is no UTF-8
	ID      string `json:"MESSAGE_ID"`
	Pid     string `json:"_PID"`
	Usec    string `json:"__REALTIME_TIMESTAMP"`
}

// LastWords are the last lines that units have logged from since until then, at most n, without
// what systemd says at each start. A zero until is now.
func LastWords(ctx context.Context, h host.Host, units []string, since, until time.Time, n int) []string {
	if h.Live() {
		_, _ = h.Run(ctx, "journalctl", "--sync") // without root it is refused, and the last lines may be missing
	}
	args := []string{
		"--no-pager", "--quiet", "--output=json", "--output-fields=MESSAGE,MESSAGE_ID,_PID", "--lines=200",
		fmt.Sprintf("--since=@%d", since.Unix()),
	}
	out, err := h.Run(ctx, "journalctl", append(args, LogUnits(units)...)...)
	if err != nil {
		return nil
	}
	return words(out, until, n)
}

// words picks the lines that tell of a failure, or where there are none what systemd has done. A crash loop says the same
// again and again: once is enough.
func words(journal []byte, until time.Time, n int) []string {
	var lines, others []string
	for line := range bytes.Lines(journal) {
		var e entry
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		usec, err := strconv.ParseInt(e.Usec, 10, 64)
		if err != nil || !until.IsZero() && time.UnixMicro(usec).After(until) {
			continue
		}
		text, ok := e.Message.(string)
		if text = strings.TrimSpace(text); !ok || text == "" {
			continue
		}
		to := &lines
		if e.Pid == "1" && e.ID != processExit && e.ID != unitFailure {
			to = &others
		}
		*to = append(slices.DeleteFunc(*to, func(before string) bool { return before == text }), text)
	}
	if lines == nil {
		lines = others
	}
	return lines[max(len(lines)-n, 0):]
}

// failures are the moments at which systemd has written down the failure of a unit in the time before now, the oldest
// first. blind: its journal cannot be read.
func failures(ctx context.Context, h host.Host, unit string, within time.Duration) (at []time.Time, blind bool) {
	out, err := h.Run(ctx, "journalctl", "--no-pager", "--quiet", "--output=json", "--output-fields=MESSAGE_ID", "--lines=20",
		fmt.Sprintf("--since=@%d", time.Now().Add(-within).Unix()), "--unit="+unit, "MESSAGE_ID="+unitFailure)
	if err != nil {
		return nil, true
	}
	for line := range bytes.Lines(out) {
		var e entry
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		if usec, err := strconv.ParseInt(e.Usec, 10, 64); err == nil {
			at = append(at, time.UnixMicro(usec))
		}
	}
	return at, len(at) == 0 && os.Geteuid() != 0 // without leave journalctl shows nothing, and is content
}

// LogUnits are the arguments of journalctl for units.
func LogUnits(units []string) (args []string) {
	for _, name := range units {
		args = append(args, "--unit="+name)
	}
	return args
}
