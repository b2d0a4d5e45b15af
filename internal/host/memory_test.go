package host

import (
	"math"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseMemTotal(t *testing.T) {
	t.Parallel()
	if n, err := ParseMemTotal([]byte("MemTotal:       24684084 kB\nMemFree:        1 kB\n")); n != 24684084<<10 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	for _, text := range []string{"", "MemFree: 1 kB\n", "MemTotal: x kB\n", "MemTotal:\n", "MemTotal: -1 kB", "MemTotal: 99999999999999999999 kB"} {
		if n, err := ParseMemTotal([]byte(text)); err == nil {
			t.Errorf("%q: got %d", text, n)
		}
	}
}

func TestMemTotalOfThisMachine(t *testing.T) {
	t.Parallel()
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		t.Fatal(err)
	}
	if n, err := (Host{}).MemTotal(); n != info.Totalram*uint64(info.Unit) || err != nil {
		t.Errorf("got %d, %v, sysinfo(2) says %d", n, err, info.Totalram*uint64(info.Unit))
	}
	if n, err := (Host{}).PageSize(); n < 4096 || n&(n-1) != 0 || err != nil {
		t.Errorf("a page of %d bytes, %v", n, err)
	}
}

func TestParseLimits(t *testing.T) {
	t.Parallel()
	const head = "Limit                     Soft Limit           Hard Limit           Units     \nMax open files  "
	for row, want := range map[string]NoFile{
		"          1024                 524288               files     \n":    {1024, 524288},
		"          unlimited            unlimited            files     \n":    {math.MaxUint64, math.MaxUint64},
		"          1024                 1048576              files     \nx y": {1024, 1048576},
	} {
		if got, err := parseNoFile([]byte(head + row)); got != want || err != nil {
			t.Errorf("%q: got %v, %v, want %v", row, got, err, want)
		}
	}
	for _, text := range []string{"", head, head + "1024\n", head + "a b files\n"} {
		if got, err := parseNoFile([]byte(text)); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestNoFileOfThisMachine(t *testing.T) {
	t.Parallel()
	var own unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &own); err != nil {
		t.Fatal(err)
	}
	got, err := Host{}.NoFile()
	if err != nil || got.Soft > got.Hard || got.Hard < own.Max {
		t.Errorf("got %v, %v, ours is %v", got, err, own)
	}
}

func FuzzParseLimits(f *testing.F) {
	f.Add([]byte("Max open files            1024                 524288               files     \n"))
	f.Add([]byte("Max open files \n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := parseNoFile(data); err != nil && got != (NoFile{}) {
			t.Errorf("%v beside %v", got, err)
		}
	})
}

func FuzzParseMemTotal(f *testing.F) {
	f.Add([]byte("MemTotal:       24684084 kB\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if n, err := ParseMemTotal(data); err == nil && n%1024 != 0 {
			t.Errorf("%d is no number of KiB", n)
		}
	})
}
