package host

import (
	"slices"
	"testing"
)

func TestKnobsAreTheKeysOfTheKernel(t *testing.T) {
	keys, err := Host{}.Knobs()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"net.ipv4.tcp_rmem", "kernel.osrelease", "net.ipv4.conf.lo.rp_filter"} {
		if !slices.Contains(keys, want) {
			t.Errorf("%s is not among the %d keys", want, len(keys))
		}
	}
	for _, key := range keys {
		if !(Host{}).HasKnob(key) {
			t.Errorf("%s is listed and is not there", key)
		}
	}
}

func TestAFolderOfKeysIsNoKey(t *testing.T) {
	h := Host{}
	for key, want := range map[string][2]bool{ // a key, a folder of keys
		"net.ipv4.tcp_rmem": {true, false}, "net.ipv4": {false, true}, "net.ipv4.conf": {false, true},
		"net.ipv4.nosuch": {false, false}, "net.ipv4.tcp_rmem.x": {false, false}, "": {false, true},
		"net.//.//.kernel.osrelease": {false, false}, "net.ipv4.\x00": {false, false},
	} {
		if got := [2]bool{h.HasKnob(key), h.HasKnobsBelow(key)}; got != want {
			t.Errorf("%q: got %v, want %v", key, got, want)
		}
	}
	if !h.WriteOnlyKnob("net.ipv4.route.flush") || h.WriteOnlyKnob("net.ipv4.tcp_rmem") || h.WriteOnlyKnob("net.ipv4") {
		t.Error("want net.ipv4.route.flush alone to be for writing only")
	}
}

func TestAnImageHasNoKnobs(t *testing.T) {
	h, err := At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := h.Knobs(); err != nil || keys != nil || h.HasKnob("net.ipv4.tcp_rmem") {
		t.Errorf("got %v, %v", keys, err)
	}
}
