package host

import "testing"

func TestParseKernelVersion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		release string
		want    KernelVersion
	}{
		{"6.8.0-45-generic", KernelVersion{6, 8}},
		{"6.18.44-fc-v669\n", KernelVersion{6, 18}},
		{"7.0-rc3", KernelVersion{7, 0}},
		{"7.0.0+", KernelVersion{7, 0}},
		{"4.4", KernelVersion{4, 4}},
		{"5.15.167.4-microsoft-standard-WSL2", KernelVersion{5, 15}},
	} {
		if got, err := ParseKernelVersion(c.release); err != nil || got != c.want {
			t.Errorf("%q: got %v, %v, want %v", c.release, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "6", "six.eight", ".8", "6.", "6.-1", "99999999999.1"} {
		if got, err := ParseKernelVersion(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, got)
		}
	}
}

func TestKernelVersionsAreOrderedByNumbers(t *testing.T) {
	t.Parallel()
	versions := []KernelVersion{{5, 15}, {6, 8}, {6, 14}, {6, 17}, {6, 18}, {7, 0}}
	for i, v := range versions {
		for j, w := range versions {
			if v.Less(w) != (i < j) {
				t.Errorf("%s less than %s: %v", v, w, v.Less(w))
			}
		}
	}
}

func FuzzKernelVersion(f *testing.F) {
	f.Add("6.8.0-45-generic")
	f.Add("7.0-rc3")
	f.Fuzz(func(t *testing.T, release string) {
		v, err := ParseKernelVersion(release)
		if err != nil || !v.Known() {
			return
		}
		if again, err := ParseKernelVersion(v.String()); err != nil || again != v {
			t.Errorf("%q is %v, which reads back as %v, %v", release, v, again, err)
		}
	})
}
