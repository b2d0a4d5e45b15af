package host

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInstalledKernels(t *testing.T) {
	t.Parallel()
	h := tree(t, map[string]string{
		"/usr/lib/modules/6.8.0-60-generic/modules.dep":     "",
		"/usr/lib/modules/6.8.0-9-generic/modules.dep":      "",
		"/usr/lib/modules/6.17.0-5-generic/modules.builtin": "",
		"/usr/lib/modules/6.8.0-31-generic/build/left-over": "",
		"/lib": "-> usr/lib",
	})
	got, err := h.InstalledKernels()
	want := []string{"6.8.0-9-generic", "6.8.0-60-generic", "6.17.0-5-generic"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if got, err := tree(t, map[string]string{"/etc/": ""}).InstalledKernels(); len(got) != 0 || err != nil {
		t.Errorf("got %v, %v, want none", got, err)
	}
}

func TestImagesHaveNoKernel(t *testing.T) {
	t.Parallel()
	h := tree(t, map[string]string{"/etc/": ""})
	for name, ask := range map[string]func() error{
		"KernelRelease": func() error { _, err := h.KernelRelease(); return err },
		"BootID":        func() error { _, err := h.BootID(); return err },
		"BootClock":     func() error { _, err := h.BootClock(); return err },
		"BootTime":      func() error { _, err := h.BootTime(); return err },
		"PendingReboot": func() error { _, _, err := h.PendingReboot(); return err },
		"Virt":          func() error { _, err := h.Virt(); return err },
		"Module":        func() error { _, err := h.Module("tcp_bbr"); return err },
		"LoadModule":    func() error { return h.LoadModule(t.Context(), "tcp_bbr") },
		"Run":           func() error { _, err := h.Run(t.Context(), "true"); return err },
		"Detach":        func() error { _, err := h.Detach([]string{"/bin/true"}); return err },
		"MemTotal":      func() error { _, err := h.MemTotal(); return err },
		"PageSize":      func() error { _, err := h.PageSize(); return err },
		"NoFile":        func() error { _, err := h.NoFile(); return err },
		"Netstat":       func() error { _, err := h.Netstat(); return err },
		"Softnet":       func() error { _, err := h.Softnet(); return err },
		"Sockstat":      func() error { _, err := h.Sockstat(); return err },
		"PortUse":       func() error { _, err := h.PortUse(""); return err },
		"CanWriteKnob":  func() error { return h.CanWriteKnob("net.core.somaxconn") },
	} {
		if err := ask(); !errors.Is(err, ErrNoKernel) {
			t.Errorf("%s: got %v, want ErrNoKernel", name, err)
		}
	}
	if h.SystemdRunning() || h.MayHave(16) {
		t.Error("an image has a running systemd or capabilities")
	}
}

func FuzzCompareReleases(f *testing.F) {
	f.Add("6.8.0-9", "6.8.0-60", "6.17")
	f.Add("", "a1", "1a")
	f.Add("007", "7", "18446744073709551616")
	f.Add("2", "010", "18700000000000000000") // more than 64 bits
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if CompareReleases(a, b) != -CompareReleases(b, a) && sign(CompareReleases(a, b)) != -sign(CompareReleases(b, a)) {
			t.Errorf("%q and %q: not antisymmetric", a, b)
		}
		all := []string{a, b, c}
		slices.SortFunc(all, CompareReleases)
		if CompareReleases(all[0], all[2]) > 0 {
			t.Errorf("%q: not transitive", all)
		}
	})
}

func sign(n int) int { return max(-1, min(1, n)) }
