package diagnose

import "github.com/tcptune/tcptune/diagnose/rules"

// Judged are the rules, and what they are about, of which something was seen by which they would have held: a limit
// that nothing comes near does not show, and has not gone for that. A rule without a target is judged of any.
type Judged map[[2]string]bool

// Has reports whether a finding of that rule and target would have been seen.
func (j Judged) Has(rule, target string) bool {
	return j[[2]string{rule, target}] || j[[2]string{rule, ""}]
}

// judged leaves out what holds and is no finding, since another one explains it.
func (w *witness) judged(all []rules.Rule, subjects []rules.Subject, o Options) Judged {
	grown := func(counter string) bool {
		n, err := difference(counter, w.first.counters, w.last.counters)
		return err == nil && n > 0
	}
	busy, sending := map[string]bool{}, false
	for _, of := range w.census.services(o.UnitOf) {
		busy[of.name] = of.group.active+of.group.receiving > 0
		sending = sending || of.group.active > 0
	}
	moved, opened := grown("TcpInSegs") || grown("TcpOutSegs"), grown("TcpPassiveOpens")
	j, alone := Judged{}, []rules.Rule{}
	for _, r := range all {
		for _, s := range subjects {
			if s.Kind != r.Of {
				continue
			}
			switch s.Kind {
			case "port":
				_, listens := s.Figures["listen_room"]
				j[[2]string{r.ID, s.Name}] = busy[s.Name] && r.ID != "accept-queue" || listens && opened && r.ID == "accept-queue"
			case "whole":
				j[[2]string{r.ID, ""}] = sending
			case "handshakes": // of all ports, by what they are counted
				j[[2]string{r.ID, ""}] = opened
			case "destination":
				for d := range w.census.destinations {
					j[[2]string{r.ID, portName(groupKey{port: d.remote.Port(), out: true}, "")}] = true
				}
				for from := range w.census.sources {
					j[[2]string{r.ID, sourceName(from)}] = true
				}
			default:
				j[[2]string{r.ID, s.Name}] = moved
			}
		}
		r.Unless = nil
		alone = append(alone, r)
	}
	holding, _ := rules.Evaluate(alone, subjects)
	for _, f := range holding {
		j[[2]string{f.Rule, f.Target}] = false
	}
	return j
}
