package packaging

import (
	"strings"
	"testing"
)

// serverUnits are those that "tcptune service install" makes for the bundled server.
func serverUnits() []string {
	return []string{"tcptune-server.socket", "tcptune-server-admin.socket", "tcptune-server.service"}
}

// dpkg runs no prerm of a package that is unpacked and not configured, as it is when an upgrade was cut short.
func TestNothingRunsWithoutItsProgramAfterARemovalInTheMiddleOfAnUpgrade(t *testing.T) {
	for _, verb := range []string{"--remove", "--purge"} {
		t.Run(verb, func(t *testing.T) {
			m := boot(t)
			m.install("deb")
			m.sh("tcptune service install --listen 127.0.0.1:8080 --now")
			m.sh("tcptune service install --name mine --exec /bin/sleep --listen 127.0.0.1:9000 -- 1000")
			m.sh("systemctl start mine.socket mine.service")
			own := m.since("mine.service")
			m.sh("dpkg --unpack /debs/next/*.deb && systemctl is-active " + strings.Join(serverUnits(), " "))
			m.sh("dpkg " + verb + " tcptune-server tcptune")
			for _, unit := range serverUnits() {
				if r := m.Run(t, "systemctl", "is-active", unit); r.Code == 0 {
					t.Errorf("%s is active without its program", unit)
				}
			}
			if m.since("mine.service") != own {
				t.Error("the service of another program was restarted")
			}
		})
	}
}

// What dpkg accepts, apt can go on from, in each order, and what ran still runs.
func TestTheServerMayBeOlder(t *testing.T) {
	const next = "/debs/next/tcptune_*.deb"
	const both = "/debs/next/tcptune_*.deb /debs/next/tcptune-server_*.deb"
	const reversed = "/debs/next/tcptune-server_*.deb /debs/next/tcptune_*.deb"
	for name, tc := range map[string]struct {
		debs string
		hint bool
	}{
		"alone":               {next, true},
		"with the server":     {both, false},
		"in the other order":  {reversed, false},
		"and the server then": {next + " && dpkg --install /debs/next/tcptune-server_*.deb", true},
	} {
		t.Run(name, func(t *testing.T) {
			m := boot(t)
			m.install("deb")
			m.sh("tcptune service install --listen 127.0.0.1:8080 --now")
			out := m.sh("dpkg --install " + tc.debs)
			if hint := strings.Contains(out, "upgrade it as well"); hint != tc.hint {
				t.Errorf("it says that the server is older: %v, want %v\n%s", hint, tc.hint, out)
			}
			if out := m.sh("dpkg --audit && apt-get check --quiet=2"); out != "" {
				t.Errorf("dpkg and apt find fault with it: %s", out)
			}
			m.sh("tcptune service status")
		})
	}
}

// A purge deletes the journal: nobody is told to take back afterwards what only the journal knows. apt removes in one
// run of dpkg and purges in a second one, so in the first it can only be told that this is possible before a purge.
func TestAPurgeDoesNotPromiseAWayBack(t *testing.T) {
	for purge, mentioned := range map[string]bool{"dpkg --purge": false, "apt-get purge --yes": true} {
		t.Run(purge, func(t *testing.T) {
			m := boot(t)
			m.install("deb")
			m.sh(tuned)
			out := m.sh(purge + " tcptune tcptune-server")
			m.has(out, "its files are gone", "until the next reboot")
			if got := strings.Contains(out, "tcptune revert"); got != mentioned {
				t.Errorf("it mentions tcptune revert: %v, want %v\n%s", got, mentioned, out)
			}
			if mentioned {
				m.has(out, "Before a purge it can be taken back exactly")
			}
		})
	}
}
