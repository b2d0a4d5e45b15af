package faults

import (
	"strings"
	"testing"
)

// layer makes all that is in /usr/local a lower layer, as the next step of the build of an image does: its folders cannot
// be renamed any more.
const layer = `cd /run
find /usr/local -exec touch -hd @1500000000 {} +  # a copy has the times of what it is of, and each run is to make the same calls
mkdir -p layers/below layers/above layers/work
cp -a /usr/local/. layers/below
mount -t overlay overlay -o lowerdir=layers/below,upperdir=layers/above,workdir=layers/work /usr/local`

// overlayLab is a toolchainLab in whose states a layer begins.
func overlayLab(t testing.TB, program string) (lab, []scenario) {
	t.Helper()
	dir := t.TempDir()
	one, two := toolchain(t, dir, "1.99.1"), toolchain(t, dir, "1.99.2")
	byHand, next1 := []string{"sh", "-ec", handmade}, []string{"sh", "-ec", layer}
	damage := []string{"sh", "-ec", "rm /usr/local/lib/tcptune/go/1.99.1/bin/go"}
	back, remove, removeAll := []string{"go", "rollback"}, []string{"go", "remove", "1.99.1"}, []string{"go", "remove", "--all"}
	l := lab{
		program: program, status: []string{"go", "list"}, probe: []string{"/usr/local/bin/go", "version"},
		whole: lab.worksOrIsCopied, partial: lab.leavesOnlyNamed, every: 20,
	}
	l.states = map[string][][]string{
		"by hand": {byHand, next1}, "kept": {byHand, next1, one},
		"kept below": {byHand, one, next1}, "by hand again": {byHand, one, next1, back}, "none": {byHand, one, next1, removeAll},
		"two": {one, two, next1}, "second alone": {one, two, next1, remove},
		"damaged": {one, damage, next1}, "repaired": {one, damage, next1, one},
	}
	l.open(t)
	repair := func(states ...string) next { return next{[]string{"revert"}, map[int][]string{0: states}} }
	return l, []scenario{
		{"a Go in place of a folder", "by hand", "kept", one, []next{repair("by hand", "kept")}},
		{"rollback to a folder", "kept below", "by hand again", back, []next{repair("kept below", "by hand again")}},
		{"remove --all", "kept below", "none", removeAll, []next{{removeAll, map[int][]string{0: {"none"}}}}},
		{"remove", "two", "second alone", remove, []next{{[]string{"go", "prune"}, map[int][]string{0: {"two", "second alone"}}}}},
		{"the repair of a damaged Go", "damaged", "repaired", one, []next{{one, map[int][]string{0: {"repaired"}}}}},
	}
}

// worksOrIsCopied lets pass that a folder of a lower layer is being removed, if a copy of it is whole.
func (l lab) worksOrIsCopied(got state, r result, sc scenario) error {
	err := l.works(got, r, sc)
	for name := range got {
		if strings.Contains(name, ".copied.tcptune-") {
			return nil
		}
	}
	return err
}

func TestKillInAnOverlay(t *testing.T) {
	l, scenarios := overlayLab(t, program(t))
	l.killed(t, scenarios, switching(deadly), "at each step of a change of Go in an overlay")
}
