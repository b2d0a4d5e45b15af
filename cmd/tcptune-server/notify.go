package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/server"
)

// notifier tells systemd how the service is doing, see sd_notify(3). Without systemd it does nothing.
type notifier struct{ log *slog.Logger }

func (n notifier) send(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		n.log.Warn("cannot notify systemd", "error", err)
	}
}

func (n notifier) ready(status string) { n.send(daemon.SdNotifyReady + "\nSTATUS=" + status) }

func (n notifier) stopping(status string) { n.send(daemon.SdNotifyStopping + "\nSTATUS=" + status) }

// reloading has to carry the time on the monotonic clock, by which systemd tells it from an earlier reload.
func (n notifier) reloading() {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		n.log.Warn("cannot read the monotonic clock", "error", err)
	}
	n.send(fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, now.Nano()/int64(time.Microsecond)))
}

// watchdogInterval is WatchdogSec= of the unit, 0 where there is none.
func watchdogInterval() time.Duration {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0
	}
	return interval
}

// wakeOf is how often accept loops have to come by for a watchdog of that interval: each misses a ping only when it is
// late three times in a row.
func wakeOf(interval time.Duration) time.Duration {
	if interval <= 0 {
		return time.Second
	}
	return interval / 4
}

// watch pings the watchdog while the accept loops advance, and keeps the status of systemctl up to date.
func (n notifier) watch(ctx context.Context, s *server.Server, interval time.Duration, status func() string) {
	const statusPace = 5 * time.Second
	pace := statusPace
	if interval > 0 {
		pace = min(pace, interval/4)
	}
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	said, last := "", time.Time{}
	for {
		if interval > 0 && s.Advancing(interval/2) {
			n.send(daemon.SdNotifyWatchdog)
		}
		if now := status(); now != said && time.Since(last) >= statusPace && !s.Draining() {
			n.send("STATUS=" + now)
			said, last = now, time.Now()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
