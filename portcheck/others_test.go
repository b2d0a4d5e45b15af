package portcheck

import (
	"os"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

func TestWhatElseIsClosedIsNamed(t *testing.T) {
	init, web := in("/init.scope", 1, "systemd"), in("/system.slice/web.service", 300, "web")
	app := in("/", 500, "app")
	sockets := []host.Unit{
		{Name: "web.socket", Active: "active", Triggers: []string{"web.service"}, Listen: []host.Listen{
			{Type: "Stream", Address: "[::]:80"}, {Type: "Stream", Address: "[::]:443"},
		}},
		{Name: "other.socket", Active: "active", Listen: []host.Listen{{Type: "Stream", Address: "[::]:9"}}},
	}
	f := facts{
		sockets: sockets, workers: map[int]bool{300: true},
		units: map[unitName]host.Unit{{name: "web.service"}: {Name: "web.service", Active: "active", MainPID: 300}},
	}
	machine := Survey{Holders: []Holder{
		listening(9, init), listening(80, init, web), listening(443, init, web), listening(8080, web), listening(8081, web, app), listening(7000, app), listening(7001, app),
	}}
	for asked, want := range map[uint16][]string{
		80:   {"web.socket: tcp/443", "web.service: tcp/443, tcp/8080"},
		8080: {"web.service: "}, // what systemd holds open stays open
		7000: {"500: tcp/7001"}, // and so does what another one holds as well
		9:    {"other.socket: "},
	} {
		var before Survey
		for _, h := range machine.Holders {
			if h.Port() == asked {
				before.Holders = append(before.Holders, h)
			}
		}
		acts := decide(before, f, Order{})
		alsoCloses(acts, machine, sockets)
		var got []string
		for _, a := range acts {
			got = append(got, a.Target+": "+strings.Join(a.Others, ", "))
			if _, why, _ := strings.Cut(a.Why, "; also closes "); why != strings.Join(a.Others, ", ") {
				t.Errorf("%d: %s, because it %s", asked, a.Target, a.Why)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d: wanted (-) and got (+):\n%s", asked, diff)
		}
	}
}

// A refused act closes nothing.
func TestWhatIsRefusedClosesNothingElse(t *testing.T) {
	sshd := in("/system.slice/ssh.service", 600, "sshd")
	acts := decide(Survey{Holders: []Holder{listening(22, sshd)}}, facts{}, Order{})
	alsoCloses(acts, Survey{Holders: []Holder{listening(22, sshd), listening(6010, sshd)}}, nil)
	if len(acts) != 1 || acts[0].Status != report.Refused || acts[0].Others != nil {
		t.Errorf("%+v", acts)
	}
}

func TestAProcessWithTwoPortsLosesBoth(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.actor("range 8080 2", nil)
	acts, verdicts := r.free(ports(TCP, 8080, 8080), usual())
	if len(acts) != 1 || acts[0].Why != "holds tcp/8080; also closes tcp/8081" || !verdicts[0].Free {
		t.Errorf("%+v, %+v", acts, verdicts)
	}
}

// What somebody else has open as well stays open.
func TestAPortThatIsSharedWithABystanderIsNotClosed(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	shared := r.listener("127.0.0.1:8081")
	fd, err := unix.Dup(int(shared.Fd()))
	r.must(err)
	bystander := r.keeper(os.NewFile(uintptr(fd), "shared"))
	r.keeper(r.listener("127.0.0.1:8080"), shared)
	acts, verdicts := r.free(ports(TCP, 8080, 8080), usual())
	if len(acts) != 1 || len(acts[0].Others) > 0 || !verdicts[0].Free || !bystander.lives() {
		t.Errorf("the bystander lives: %v; %+v, %+v", bystander.lives(), acts, verdicts)
	}
}
