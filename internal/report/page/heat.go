package page

import (
	"fmt"
	"math"
	"strings"
)

// Heat is a heat map: how often something fell into a band at a time.
type Heat struct {
	Title, About string
	X, Y         Axis
	Step         float64    // of the columns, from 0 on
	Bands        []float64  // their lower bounds, and the upper one of the last
	Counts       [][]uint64 // by column, by band
	Unit         string     // of what is counted
}

// levels of colour. A row of colours of one hue is read by its lightness, also by those who see no hue.
const levels = 8

func (h Heat) draw(c *canvas) {
	most := uint64(0)
	for _, column := range h.Counts {
		for _, n := range column {
			most = max(most, n)
		}
	}
	if most == 0 {
		return
	}
	key := func() {
		c.put(`<li class="bare">1</li>`)
		for l := range levels {
			c.put(`<li class="swatch l%d"></li>`, l+1)
		}
		c.put(`<li class="bare">%s %s</li>`, text(fmt.Sprint(most)), text(h.Unit))
	}
	c.frame("heat", h.Title, h.About, h.X, h.Y, key, func() {
		for l, d := range h.paths(most) {
			if d != "" {
				c.put("<path class=\"l%d\" d=\"%s\"/>\n", l+1, raw(d))
			}
		}
		h.titles(c)
	})
}

// paths has the cells of each level. The level goes with the logarithm: one answer that came late is to be seen beside a
// thousand that did not.
func (h Heat) paths(most uint64) (d [levels]string) {
	var parts [levels]strings.Builder
	for i, column := range h.Counts {
		left, right := h.X.place(h.Step*float64(i)), h.X.place(h.Step*float64(i+1))
		for k, n := range column {
			if n == 0 {
				continue
			}
			level := 0
			if most > 1 {
				level = min(levels-1, int(math.Log(float64(n))/math.Log(float64(most))*levels))
			}
			low, high := h.Y.place(h.Bands[k]), h.Y.place(h.Bands[k+1])
			x, y := short(wide*left), short(tall*(1-low))
			fmt.Fprintf(&parts[level], "M%s %sH%sV%sH%sZ", x, y, short(wide*right), short(tall*(1-high)), x)
		}
	}
	for l := range parts {
		d[l] = parts[l].String()
	}
	return d
}

func (h Heat) titles(c *canvas) {
	for i, column := range h.Counts {
		sum, last := uint64(0), 0
		for k, n := range column {
			if sum += n; n > 0 {
				last = k
			}
		}
		if sum == 0 {
			continue
		}
		left, right := h.X.place(h.Step*float64(i)), h.X.place(h.Step*float64(i+1))
		c.put("<rect class=\"here\" x=\"%s\" y=\"0\" width=\"%s\" height=\"%s\"><title>%s\n%s %s, up to %s</title></rect>\n",
			raw(short(wide*left)), raw(short(wide*(right-left))), raw(short(tall)), text(h.X.Words(h.Step*float64(i))),
			text(fmt.Sprint(sum)), text(h.Unit), text(h.Y.Words(h.Bands[last+1])))
	}
}
