package portcheck

import (
	"log/slog"

	"github.com/tcptune/tcptune/internal/report"
)

// tell says which sockets were found, and who has them open. The command lines of others are not in it.
func (v *View) tell(s Survey) {
	t := v.host.Trail()
	if !t.On() {
		return
	}
	for _, h := range s.Holders {
		t.Step("finds", slog.String("socket", h.target()), slog.String("local", h.Local.String()),
			slog.String("state", string(h.State)), slog.Uint64("inode", h.Inode), slog.Uint64("cookie", h.Cookie),
			slog.String("made_in", h.Origin.Path), slog.Bool("by_cgroup", h.ByCgroup), slog.String("rule", h.Reason))
		for _, o := range h.Owners {
			t.Step(
				"finds",
				slog.String("owner", o.Process.Name),
				slog.Int("pid", o.Pid),
				slog.Int("descriptors", len(o.Descriptors)),
				slog.Int("parent", o.Process.Parent),
				slog.String("cgroup", o.Process.Cgroup.Path),
			)
		}
	}
	t.Step("looked", slog.Int("holders", len(s.Holders)), slog.Int("hidden_processes", len(s.Hidden)))
}

// tellActs says what is to be done about each owner and why, or what became of it.
func (v *View) tellActs(step string, acts []Act) {
	t := v.host.Trail()
	if !t.On() {
		return
	}
	for _, a := range acts {
		rule := a.rule
		if a.Status == report.Refused || step != "decides" {
			rule = a.Reason
		}
		t.Step(step, slog.String("kind", string(a.Kind)), slog.String("target", a.Target), slog.Any("ports", a.Ports),
			slog.String("status", string(a.Status)), slog.String("rule", rule))
	}
}
