package main

import (
	"os"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"golang.org/x/sys/unix"
)

// profileLess is the profile of a room without one of its keys, which a switch to it gives back.
const profileLess = `name: less
summary: one key less
extends: room
drop: [net.ipv4.tcp_keepalive_time]
`

// What a switch of profiles cannot give back is refused for plan and status as it is for apply. Else they would call
// for an apply for ever, which cannot do it; and what is left must not be passed over either.
func TestKernelReturnThatIsNotTakenIsRefusedEverywhere(t *testing.T) {
	needsStrace(t)
	const key = "net.ipv4.tcp_keepalive_time"
	for name, apply := range map[string]func(room) result{
		"by the kernel": func(r room) result {
			return r.traced("write", "/proc/sys/net/ipv4/tcp_keepalive_time", "error=EINVAL", "apply", "--profile", "less", "--json")
		},
		"by the mount": func(r room) result {
			const net = "/proc/sys/net"
			r.check(unix.Mount(net, net, "", unix.MS_BIND, ""))
			r.check(unix.Mount("", net, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""))
			return r.run(report.ExitPartial, "apply", "--profile", "less", "--json")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, ok := enter(t)
			if !ok {
				return
			}
			r.check(os.WriteFile("/etc/tcptune/profiles.d/less.yaml", []byte(profileLess), 0o644))
			r.run(report.ExitDone, "apply", "--profile", "room")
			got := apply(r)
			if word := words(r.report(got))[key]; word != report.Refused || got.code != report.ExitPartial {
				r.Errorf("apply ends with %d and says that it is %s", got.code, word)
			}
			if got := words(r.report(r.run(report.ExitPartial, "plan", "--json")))[key]; got != report.Refused {
				r.Errorf("plan says that it is %s", got)
			}
			r.says(r.run(report.ExitPartial, "status").err, key+" is not part of this profile, and cannot be given back")

			_ = unix.Unmount("/proc/sys/net", 0)
			r.run(report.ExitDone, "apply")
			r.has(map[string]string{key: roomBefore[key]})
			r.run(report.ExitDone, "status")
			r.run(report.ExitDone, "revert")
			r.has(roomBefore)
		})
	}
}
