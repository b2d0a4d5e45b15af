package page

import (
	"fmt"
	"math"
	"strings"
)

// Lines is a chart of lines over one axis.
type Lines struct {
	Title, About string
	X, Y         Axis
	Series       []Series
	Filled       bool // below the first line
}

// Series is one line: a value for each place on the axis. One that is no number is a gap.
type Series struct {
	Name string
	X, Y []float64
	Tone Tone // Bad is for what went wrong; Plain has a colour by its place
}

func (l Lines) draw(c *canvas) {
	class := func(i int) string {
		if t := l.Series[i].Tone; t != Plain {
			return string(t)
		}
		return fmt.Sprintf("s%d", i+1)
	}
	var key func()
	if len(l.Series) > 1 {
		key = func() {
			for i, s := range l.Series {
				c.put(`<li class="%s">%s</li>`, text(class(i)), text(s.Name))
			}
		}
	}
	c.frame("lines", l.Title, l.About, l.X, l.Y, key, func() {
		for i, s := range l.Series {
			d := l.path(s)
			if i == 0 && l.Filled && len(s.X) > 0 && !strings.Contains(d[1:], "M") {
				left, right := short(wide*l.X.place(s.X[0])), short(wide*l.X.place(s.X[len(s.X)-1]))
				c.put("<path class=\"fill %s\" d=\"%sV%sH%sZ\"/>\n", text(class(i)), raw(d+"H"+right), raw(short(tall)), raw(left))
			}
			c.put("<path class=\"line %s\" d=\"%s\"/>\n", text(class(i)), raw(d))
		}
		l.titles(c)
	})
}

// path is the line; a point that stands alone is a short dash.
func (l Lines) path(s Series) string {
	var d strings.Builder
	pen := "M"
	for i := range s.X {
		if math.IsNaN(s.Y[i]) {
			pen = "M"
			continue
		}
		x, y := wide*l.X.place(s.X[i]), tall*(1-l.Y.place(s.Y[i]))
		fmt.Fprintf(&d, "%s%s %s", pen, short(x), short(y))
		if pen == "M" && (i+1 == len(s.X) || math.IsNaN(s.Y[i+1])) {
			d.WriteString("h0.1")
		}
		pen = "L"
	}
	return d.String()
}

// titles say, where one points at, what the figures there are.
func (l Lines) titles(c *canvas) {
	if len(l.Series) == 0 {
		return
	}
	xs := l.Series[0].X
	for i, x := range xs {
		from, to := 0.0, 1.0
		if i > 0 {
			from = (l.X.place(xs[i-1]) + l.X.place(x)) / 2
		}
		if i+1 < len(xs) {
			to = (l.X.place(xs[i+1]) + l.X.place(x)) / 2
		}
		c.put(`<rect class="here" x="%s" y="0" width="%s" height="%s"><title>%s`, raw(short(wide*from)), raw(short(wide*(to-from))),
			raw(short(tall)), text(l.X.Words(x)))
		for _, s := range l.Series {
			if i < len(s.Y) && !math.IsNaN(s.Y[i]) {
				c.put("\n%s %s", text(s.Name), text(l.Y.Words(s.Y[i])))
			}
		}
		c.put("</title></rect>\n")
	}
}
