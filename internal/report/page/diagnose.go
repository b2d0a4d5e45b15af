package page

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// Diagnose is the page of what limits TCP.
func Diagnose(found []report.Limit, observed []report.Observed) Page {
	p := Page{Title: "What limits TCP now"}
	if len(observed) == 1 {
		p.Lead = looked(observed[0])
	}
	counts := map[string]int{}
	for _, l := range found {
		counts[l.Certainty]++
	}
	tiles := Tiles{
		{Label: "certain", Value: strconv.Itoa(counts["certain"])},
		{Label: "likely", Value: strconv.Itoa(counts["likely"])},
		{Label: "hints", Value: strconv.Itoa(counts["hint"])},
	}
	for _, o := range observed {
		tiles = append(tiles, Tile{
			Label: "nothing to send" + within(o.Namespace), Value: fmt.Sprintf("%.0f %%", 100*o.ProgramShare),
			Note: fmt.Sprintf("of the time of %s that sent something", connections(o.Sending)),
		})
	}
	p.Parts = append(p.Parts, tiles)
	if len(found) == 0 {
		p.Parts = append(p.Parts, Note{Text: "No limit shows."})
	}
	for _, l := range found {
		p.Parts = append(p.Parts, finding(l))
	}
	for _, o := range observed {
		if len(observed) > 1 {
			p.Parts = append(p.Parts, Note{Text: looked(o)})
		}
		p.Parts = append(p.Parts, spreads(o)...)
		p.Parts = append(p.Parts, services(o), unjudged(o), gone(o))
	}
	return p
}

func within(namespace string) string {
	if namespace == "" {
		return ""
	}
	return " in " + namespace
}

func connections(n int) string {
	if n == 1 {
		return "1 connection"
	}
	return whole(uint64(n)) + " connections"
}

func looked(o report.Observed) string {
	text := fmt.Sprintf("%s%s, %d of which sent something in %.3g s; %d came and %d went meanwhile, of which nothing is known. %d looks.",
		connections(o.Sockets), within(o.Namespace), o.Sending, o.Duration, o.Came, o.Went, o.Looks)
	if o.Narrowed != "" {
		text = "Of " + o.Narrowed + " alone: " + text
	}
	if o.Sampled < 1 {
		text += fmt.Sprintf(" One in %.0f connections was followed.", 1/o.Sampled)
	}
	return text
}

func finding(l report.Limit) Table {
	t := Table{Title: l.Certainty + ": " + l.Rule + ", " + l.Target + within(l.Namespace), About: l.Words}
	if l.New {
		t.Title += " (new)"
	}
	t.Rows = append(t.Rows, Row("seen", l.Evidence))
	for _, a := range l.Advice {
		switch a.Kind {
		case "key":
			t.Rows = append(t.Rows, Row("what moves it", a.Target+" = "+a.Value))
		case "elsewhere":
			t.Rows = append(t.Rows, Row("not on this host", a.Target+": "+a.Value))
		default:
			t.Rows = append(t.Rows, Row("what moves it", a.Target+": "+a.Value))
		}
	}
	t.Rows = append(t.Rows, Row("then", l.Check), Row("source", l.Source))
	if l.Certainty == "certain" && l.Rule != "application" {
		t.Rows[0][0].Tone = Bad
	}
	return t
}

// spreads are charts of how many connections have at most how much.
func spreads(o report.Observed) (list []Part) {
	named := map[string]report.Spread{}
	for _, s := range o.Spreads {
		named[s.Of] = s
	}
	percent := func(v float64) string { return strconv.FormatFloat(100*v, 'g', 3, 64) + " %" }
	rate := func(v float64) string { // of bytes, as bits: "80 kbit/s"
		n := Count(8 * v)
		digits := strings.TrimRight(n, "kM")
		return digits + " " + n[len(digits):] + "bit/s"
	}
	for _, chart := range []struct {
		title, about string
		words        func(float64) string
		shares       bool
		names        [][2]string // of the spread, and of its line
	}{
		{
			"Round trips", "How many connections have at most that. What lies between the lines is a queue, or a busy machine.", Time, false,
			[][2]string{{"min-rtt", "the least there was"}, {"rtt", "now"}},
		},
		{
			"Rates", "How many connections had at most that, on average.", rate, false,
			[][2]string{{"sent", "sent"}, {"received", "received"}},
		},
		{
			"Limited time", "How many connections that send waited for at most that part of the time.", percent, true,
			[][2]string{{"window-limited", "for the receiver's window"}, {"buffer-limited", "for room in the send buffer"}, {"application-limited", "for the program"}},
		},
	} {
		part := Lines{Title: chart.title + within(o.Namespace), About: chart.about, Y: Axis{High: 1, Words: percent}}
		low, high := 0.0, 0.0
		for _, name := range chart.names {
			s, has := named[name[0]]
			if !has || len(s.Counts) == 0 || len(s.Bands) != len(s.Counts)+1 {
				continue
			}
			if first := s.Bands[0]; low == 0 || first < low {
				low = first
			}
			high = max(high, s.Bands[len(s.Bands)-1])
			part.Series = append(part.Series, atMost(name[1], s))
		}
		if part.Series == nil {
			continue
		}
		part.X = Decades(low, high, chart.words)
		if chart.shares {
			part.X = Axis{High: 1, Words: percent}
		}
		list = append(list, part)
	}
	return list
}

// atMost is the share of connections below the upper bound of each band.
func atMost(name string, s report.Spread) Series {
	all, below := 0, 0
	for _, n := range s.Counts {
		all += n
	}
	line := Series{Name: name, X: []float64{s.Bands[0]}, Y: []float64{0}}
	for i, n := range s.Counts {
		below += n
		line.X, line.Y = append(line.X, s.Bands[i+1]), append(line.Y, float64(below)/float64(max(all, 1)))
	}
	return line
}

func services(o report.Observed) Table {
	t := Table{
		Title: "Where the time went" + within(o.Namespace),
		About: "Of the time that the connections had which send. To wait for the network is no limit of this host.",
		Head:  []string{"", "connections", "send"},
	}
	for i, s := range o.Services {
		row := Row(s.Target, whole(uint64(s.Connections)), whole(uint64(s.Sending)))
		for _, part := range s.Shares {
			if i == 0 {
				t.Head = append(t.Head, part.By)
			}
			row = append(row, Cell{Text: fmt.Sprintf("%.0f %%", 100*part.Share)})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func unjudged(o report.Observed) Table {
	t := Table{Title: "Not judged" + within(o.Namespace), Head: []string{"rule", "of", "why"}, Words: []int{1, 2}}
	for _, u := range o.Unknown {
		t.Rows = append(t.Rows, []Cell{{Text: u.Rule, Tone: Warn}, {Text: u.Target}, {Text: u.Reason}})
	}
	return t
}

func gone(o report.Observed) Table {
	t := Table{Title: "Gone since the run before"}
	for _, name := range o.Gone {
		t.Rows = append(t.Rows, []Cell{{Text: name, Tone: Good}})
	}
	return t
}
