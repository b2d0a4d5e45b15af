package host

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// oddRoot has one thing of each kind under a root, and a link to each.
func oddRoot(t *testing.T) Host {
	t.Helper()
	h := newRoot(t)
	at := func(name string) string { return filepath.Join(h.Root(), name) }
	for name, size := range map[string]int{"fits": 8, "long": 9} {
		if err := os.WriteFile(at(name), make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	socket, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	// A named pipe would block whoever opens it.
	if err := errors.Join(unix.Mkfifo(at("fifo"), 0o644), os.Mkdir(at("folder"), 0o755)); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		// Device 10:130 is the watchdog: to open it starts a clock that reboots the machine. Without one it is ENXIO or
		// ENODEV.
		if err := unix.Mknod(at("device"), unix.S_IFCHR|0o644, int(unix.Mkdev(10, 130))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"fits", "long", "socket", "fifo", "folder", "device"} {
		link(t, h, name, "/to-"+name)
	}
	link(t, h, "/etc/passwd", "/to-outside")
	return h
}

func TestAFileIsReadAndNothingElse(t *testing.T) {
	t.Parallel()
	h := oddRoot(t)
	bound := Bound{8, "a file of a test"}
	check := func(name string, want error) {
		got, err := h.ReadAtMost(name, bound)
		if !errors.Is(err, want) || err == nil && len(got) != 8 {
			t.Errorf("%s: got %d bytes, %v, want %v", name, len(got), err, want)
		}
	}
	for name, want := range map[string]error{
		"fits": nil, "long": ErrTooLong, "socket": ErrNotRegular, "fifo": ErrNotRegular, "folder": ErrNotRegular,
		"device": ErrNotRegular, "none": fs.ErrNotExist, "outside": fs.ErrNotExist,
	} {
		if name == "device" && os.Geteuid() != 0 {
			continue // only root makes one
		}
		check("/"+name, want)
		check("/to-"+name, want)
	}
	check("/", ErrNotRegular)
}

func TestWhatIsTooLongIsSaidWithItsBound(t *testing.T) {
	t.Parallel()
	h := oddRoot(t)
	_, err := h.ReadAtMost("/long", Bound{8, "a saved plan"})
	if err == nil || !strings.HasSuffix(err.Error(), "longer than the 8 bytes that a saved plan can have") {
		t.Error(err)
	}
	for size, want := range map[int64]string{64 << 10: "64 KiB", 1 << 20: "1 MiB", 64 << 20: "64 MiB"} {
		if text := (Bound{size, "x"}).Exceeded().Error(); !strings.Contains(text, " "+want+" ") {
			t.Errorf("got %q, want %s", text, want)
		}
	}
	// A hole costs its maker nothing; a reader would pay for a terabyte.
	if err := os.Truncate(filepath.Join(h.Root(), "fits"), 1<<40); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ReadFile("/fits"); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
}

func TestFilesOfTheKernelTellNoSizeAndAreReadWhole(t *testing.T) {
	t.Parallel()
	h := Host{}
	for _, name := range []string{"/proc/meminfo", "/proc/self/status", "/proc/thread-self/net/tcp", "/proc/self/ns/net"} {
		f, err := h.OpenRegular(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_ = f.Close()
	}
	want, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.ReadFile("/proc/cpuinfo"); err != nil || strings.Count(string(got), "\n") != strings.Count(string(want), "\n") {
		t.Errorf("got %d bytes, %v, want about %d", len(got), err, len(want))
	}
	if _, err := h.ReadAtMost("/proc/meminfo", Bound{10, "x"}); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
}

func TestWithoutProcWhatWasSeenIsWhatIsOpened(t *testing.T) {
	t.Parallel()
	h := oddRoot(t)
	link(t, h, "/folder/../to-fits", "/twice")
	seen := func(name string) (st unix.Stat_t) {
		if err := unix.Stat(filepath.Join(h.Root(), name), &st); err != nil {
			t.Fatal(err)
		}
		return st
	}
	for _, name := range []string{"/fits", "/to-fits", "/twice"} {
		fd, err := h.openAgain(name, seen("fits"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := unix.Close(fd); err != nil {
			t.Error(err)
		}
	}
	// The name leads elsewhere by now.
	for name, want := range map[string]error{"/long": errMoved, "/to-long": errMoved, "/fifo": errMoved, "/to-fifo": errMoved, "/none": unix.ENOENT} {
		if _, err := h.openAgain(name, seen("fits")); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
	link(t, h, "around", "/around")
	if _, err := h.openAgain("/around", seen("fits")); !errors.Is(err, unix.ELOOP) {
		t.Error(err)
	}
}
