package vm

import (
	"strings"
	"testing"
)

// The containers have the machine's own root, so that no image is needed.
func TestAPortThatPodmanPublishesIsFreedByStoppingItsContainer(t *testing.T) {
	wholeList(t)
	m := installed(t)
	for name, port := range map[string]string{"web": "9090", "other": "9091"} {
		m.Script(t, "podman run -d --name "+name+" -p "+port+":80 --rootfs /:O python3 -m http.server 80")
	}
	// Nobody answers for podman: the process is left alone, and how to go on is said.
	r := m.Run(t, "tcptune", "port", "9090", "--kill")
	id := m.Script(t, "podman ps --filter name=web --format '{{.ID}}'")
	if r.Code != 4 || !strings.Contains(r.Stdout, "podman stop "+strings.TrimSpace(id)) {
		t.Errorf("without podman.socket: exit %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}

	m.Script(t, "systemctl start podman.socket")
	r = m.Run(t, "tcptune", "port", "9090", "--kill")
	if r.Code != 0 || !strings.Contains(r.Stdout, "podman/web") || !strings.Contains(r.Stdout, "tcp/9090 is free") {
		t.Errorf("with podman.socket: exit %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	if out := m.Script(t, "podman ps --format '{{.Names}}'"); strings.TrimSpace(out) != "other" {
		t.Errorf("what runs on: %q, want the neighbour", out)
	}
	m.Script(t, `python3 -c 'import urllib.request as u; assert u.urlopen("http://127.0.0.1:9091/").status == 200'`)
}
