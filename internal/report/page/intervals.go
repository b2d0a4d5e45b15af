package page

import "math"

// Intervals is a chart of ratios: each with the interval that it lies in, on both sides of 1.
type Intervals struct {
	Title, About string
	Head         [4]string // over names, before, after and ratios
	Rows         []Interval
}

// Interval is one ratio. Low and High are 0 where it is not known how far it can be trusted; a Ratio of 0 is none.
type Interval struct {
	Group           string // rows of the same group stand together, under its name
	Name            string
	Before, After   string
	Ratio, Low, Top float64
	Verdict         string
	Tone            Tone
}

func (t Intervals) draw(c *canvas) {
	if len(t.Rows) == 0 {
		return
	}
	x := t.axis()
	c.put("<section class=\"card\">\n<h2>%s</h2>\n", text(t.Title))
	if t.About != "" {
		c.put("<p class=\"about\">%s</p>\n", text(t.About))
	}
	c.put("<div class=\"ratios\" role=\"table\">\n<div class=\"row head\" role=\"row\">")
	for i, h := range t.Head {
		c.put("<span role=\"columnheader\" class=\"c%d\">%s</span>", i+1, text(h))
	}
	c.put("<span role=\"columnheader\" class=\"c5\">")
	ticks := x.ticks(5)
	for i, v := range ticks {
		at := x.place(v)
		c.put(`<i class="%s" style="left:%s%%">%s</i>`, raw(edge(2*i, len(ticks), at)), raw(short(100*at)), text(x.Words(v)))
	}
	c.put("</span></div>\n")
	group := ""
	for _, r := range t.Rows {
		if r.Group != group {
			group = r.Group
			c.put("<h3>%s</h3>\n", text(group))
		}
		t.row(c, x, r)
	}
	c.put("</div>\n</section>\n")
}

func (t Intervals) row(c *canvas, x Axis, r Interval) {
	c.put(`<div class="row" role="row"><span role="rowheader" class="c1">%s</span>`, text(r.Name))
	c.put(`<span role="cell" class="c2">%s</span><span role="cell" class="c3">%s</span>`, text(r.Before), text(r.After))
	c.put(`<span role="cell" class="c4"><b>%s</b> <em class="%s">%s</em></span>`, text(ratio(r.Ratio)), text(r.Tone),
		text(r.Verdict))
	c.put("<span role=\"cell\" class=\"c5\"><svg viewBox=\"0 0 %s 20\" preserveAspectRatio=\"none\">", raw(short(wide)))
	for _, v := range x.ticks(5) {
		c.put(`<path class="grid" d="M%s 0V20"/>`, raw(short(wide*x.place(v))))
	}
	c.put(`<path class="one" d="M%s 0V20"/>`, raw(short(wide*x.place(1))))
	tone := r.Tone
	if tone == Plain {
		tone = "flat"
	}
	if r.Low > 0 && r.Top > 0 {
		from, to := wide*x.place(r.Low), wide*x.place(r.Top)
		c.put(`<rect class="span %s" x="%s" y="7" width="%s" height="6"/>`, text(tone), raw(short(from)), raw(short(max(3, to-from))))
	}
	if r.Ratio > 0 {
		c.put(`<rect class="dot %s" x="%s" y="3" width="5" height="14"/>`, text(tone), raw(short(wide*x.place(r.Ratio)-2.5)))
	}
	title := ratio(r.Ratio)
	if r.Low > 0 && r.Top > 0 {
		title += ", from " + ratio(r.Low) + " to " + ratio(r.Top)
	}
	c.put("<title>%s</title></svg></span></div>\n", text(title))
}

// axis holds all ratios, and as much on the other side of 1 as makes it a middle of sorts.
func (t Intervals) axis() Axis {
	low, high := 0.9, 1.1
	for _, r := range t.Rows {
		for _, v := range []float64{r.Ratio, r.Low, r.Top} {
			if v > 0 && !math.IsInf(v, 0) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	low, high = max(low, 0.01)/1.05, min(high, 1000)*1.05
	return Axis{Low: low, High: high, Log: true, Words: ratio, Ticks: ratioTicks(low, high)}
}

// ratioTicks are ratios that mean something, not too near to each other.
func ratioTicks(low, high float64) (list []float64) {
	apart := math.Log(high/low) / 6
	for _, v := range []float64{1, 0.01, 0.1, 0.5, 0.8, 0.9, 1.1, 1.25, 2, 5, 10, 20, 50, 100, 1000} {
		near := v < low || v > high
		for _, other := range list {
			near = near || math.Abs(math.Log(v/other)) < apart
		}
		if !near {
			list = append(list, v)
		}
	}
	return list
}

func ratio(v float64) string {
	if v <= 0 {
		return "-"
	}
	return "×" + short3(v)
}
