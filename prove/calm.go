package prove

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
)

// Calm is the share of the time of all processors that others may take where figures are to be believed.
const Calm = 0.2

// Busy is the share of the time of all processors that others take now, from 0 to 1, as a look of that length tells.
func Busy(ctx context.Context, h host.Host, look time.Duration) (float64, error) {
	idle, all, err := processors(h)
	if err != nil {
		return 0, err
	}
	select {
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-time.After(look):
	}
	idleThen, allThen, err := processors(h)
	if err != nil || allThen == all {
		return 0, err
	}
	return 1 - float64(idleThen-idle)/float64(allThen-all), nil
}

// processors reads the first line of /proc/stat (proc_stat(5)): how long all of them together did nothing, and how long
// there were any, in ticks.
func processors(h host.Host) (idle, all uint64, err error) {
	data, err := h.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, fmt.Errorf("cannot read /proc/stat: %w", host.Cause(err))
	}
	line, _, _ := strings.Cut(string(data), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0, fmt.Errorf("cannot read /proc/stat: its first line is %q", line)
	}
	for i, f := range fields[1:9] { // behind them stand guests, which are in the others already
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("cannot read /proc/stat: %w", err)
		}
		if all += n; i == 3 || i == 4 { // idle, and waiting for a disk
			idle += n
		}
	}
	return idle, all, nil
}
