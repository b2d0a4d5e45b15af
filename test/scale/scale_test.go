package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestTheSameSeedDrawsTheSameFleet(t *testing.T) {
	a, b := draw(7, 1000), draw(7, 1000)
	if !reflect.DeepEqual(a, b) {
		t.Error("two fleets of one seed differ")
	}
	if reflect.DeepEqual(a, draw(8, 1000)) {
		t.Error("two seeds draw one fleet")
	}
	kinds := map[kind]int{}
	for _, s := range a {
		kinds[s.Kind]++
	}
	if len(kinds) != 4 || kinds[tuned] < 850 {
		t.Errorf("of 1000 hosts there are %v", kinds)
	}
}

// Planner, figures, rules and fleet say the same of each host: make bench-fleet, with 200 hosts in 25 states.
func TestWhatTheRulesSayIsWhatTheFleetIs(t *testing.T) {
	program, err := filepath.Abs("../../bin/fleet/usr/bin/prometheus")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Skipf("%v: make test-deps unpacks it", err)
	}
	var out bytes.Buffer
	if err := measure(t.Context(), &out, 200, 25, 1, 3*time.Second, program); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, k := range []kind{tuned, untuned, wiped, overridden} {
		if !strings.Contains(out.String(), string(k)+":") {
			t.Errorf("none of the hosts is %s", k)
		}
	}
	for _, want := range []string{"hosts a second and core", "series a host", "ms for all"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	t.Log(out.String())
}
