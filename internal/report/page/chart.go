package page

import "fmt"

// The size of a chart in its own units; the page stretches it.
const (
	wide = 1000.0
	tall = 400.0
)

// frame draws what stands around a chart, and inner inside. key is its legend, and may be nil.
func (c *canvas) frame(kind, title, about string, x, y Axis, key, inner func()) {
	c.put("<section class=\"card\">\n<h2>%s</h2>\n", text(title))
	if about != "" {
		c.put("<p class=\"about\">%s</p>\n", text(about))
	}
	if key != nil {
		c.put(`<ul class="key">`)
		key()
		c.put("</ul>\n")
	}
	c.put("<div class=\"chart %s\" role=\"img\" aria-label=\"%s\">\n<div class=\"y\">", text(kind), text(title))
	ups := y.ticks(6)
	for _, v := range ups {
		c.put(`<span style="bottom:%s%%">%s</span>`, raw(short(100*y.place(v))), text(y.Words(v)))
	}
	c.put("</div>\n<div class=\"area\"><svg viewBox=\"0 0 %s %s\" preserveAspectRatio=\"none\">\n", raw(short(wide)), raw(short(tall)))
	if len(ups) > 0 {
		c.put(`<path class="grid" d="`)
		for _, v := range ups {
			c.put("M0 %sH%s", raw(short(tall*(1-y.place(v)))), raw(short(wide)))
		}
		c.put("\"/>\n")
	}
	inner()
	c.put("</svg></div>\n<div class=\"x\">")
	across := x.ticks(10)
	for i, v := range across {
		at := x.place(v)
		c.put(`<span class="%s" style="left:%s%%">%s</span>`, raw(edge(i, len(across), at)), raw(short(100*at)), text(x.Words(v)))
	}
	c.put("</div>\n</div>\n</section>\n")
}

// edge keeps words at the ends inside the page, and says which a narrow one can do without.
func edge(i, of int, at float64) string {
	switch {
	case at < 0.02:
		return "first"
	case at > 0.98:
		return "last"
	case i%2 == 1 && of > 5:
		return "less"
	}
	return ""
}

// short is a number with no more digits than a picture shows.
func short(v float64) string { return fmt.Sprintf("%.5g", v) }

// short3 is a number for a reader: three digits.
func short3(v float64) string { return fmt.Sprintf("%.3g", v) }
