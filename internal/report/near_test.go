package report

import "testing"

func TestTheNearestNameIsTheOneThatWasMeant(t *testing.T) {
	t.Parallel()
	commands := []string{"check", "plan", "apply", "status", "revert", "confirm", "explain", "port", "profile", "service", "go"}
	for typed, want := range map[string]string{
		"ports": "port", "prot": "port", "pot": "port", "stauts": "status", "aply": "apply", "chek": "check",
		"stat": "status", "conf": "confirm", "pr": "profile", "revrt": "revert", "servcie": "service", "pln": "plan",
		"frobnicate": "", "kill": "", "x": "", "": "", "p": "", "nosuch": "",
	} {
		if got := Near(typed, commands); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

func TestNeighboursThatChangedPlacesAreOneSlip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"stauts", "status", 1}, {"status", "status", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1},
	} {
		if got := slips(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
