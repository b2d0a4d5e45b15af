package host

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBootClockIsProcUptime(t *testing.T) {
	t.Parallel()
	before, err := (Host{}).BootClock()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Fatal(err)
	}
	up, err := strconv.ParseFloat(strings.Fields(string(data))[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	uptime := time.Duration(up * float64(time.Second))
	after, _ := (Host{}).BootClock()
	if uptime < before-20*time.Millisecond || uptime > after+20*time.Millisecond {
		t.Errorf("/proc/uptime says %v, BootClock %v to %v", uptime, before, after)
	}
	if at, err := (Host{}).BootTime(); err != nil || time.Since(at) < before {
		t.Errorf("booted at %v, %v", at, err)
	}
}

func TestBootIDIsAUUIDThatStays(t *testing.T) {
	t.Parallel()
	a, errA := (Host{}).BootID()
	b, errB := (Host{}).BootID()
	if errA != nil || errB != nil || a != b || !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(a) {
		t.Errorf("got %q, %v and %q, %v", a, errA, b, errB)
	}
}

func TestPendingReboot(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files    map[string]string
		pending  bool
		packages []string
	}{
		"nobody asked": {map[string]string{"/run/": ""}, false, nil},
		"no names":     {map[string]string{"/run/reboot-required": "*** System restart required ***\n"}, true, nil},
		"each name once": {map[string]string{
			"/run/reboot-required":      "x",
			"/run/reboot-required.pkgs": "linux-image-6.8.0-61-generic\nlinux-base\nlinux-base\n\n",
		}, true, []string{"linux-image-6.8.0-61-generic", "linux-base"}},
		"names alone are no request": {map[string]string{"/run/reboot-required.pkgs": "libc6\n"}, false, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pending, packages, err := tree(t, test.files).pendingReboot()
			if diff := cmp.Diff(test.packages, packages); diff != "" || pending != test.pending || err != nil {
				t.Errorf("got %v, %v, -want +got:\n%s", pending, err, diff)
			}
		})
	}
}
