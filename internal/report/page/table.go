package page

import "slices"

// Table is rows under a head. The first column is text, the others are figures, but for those in Words. One without a head is
// a list of names and what they stand for.
type Table struct {
	Title string
	About string
	Head  []string
	Words []int // columns of text
	Rows  [][]Cell
}

// Cell is one field of a table.
type Cell struct {
	Text string
	Tone Tone
}

// Row is cells of plain texts.
func Row(texts ...string) (row []Cell) {
	for _, t := range texts {
		row = append(row, Cell{Text: t})
	}
	return row
}

func (t Table) draw(c *canvas) {
	if len(t.Rows) == 0 {
		return
	}
	kind := raw("card")
	if len(t.Head) == 0 {
		kind = "card facts"
	}
	c.put("<section class=\"%s\">\n<h2>%s</h2>\n", kind, text(t.Title))
	if t.About != "" {
		c.put("<p class=\"about\">%s</p>\n", text(t.About))
	}
	// A table that is wider than a telephone scrolls by itself; the page does not. It can be reached with the keyboard.
	c.put("<div class=\"scroll\" tabindex=\"0\"><table>\n")
	class := func(column int) raw {
		if column == 0 || len(t.Head) == 0 || slices.Contains(t.Words, column) {
			return ""
		}
		return ` class="n"`
	}
	if len(t.Head) > 0 {
		c.put("<thead><tr>")
		for i, h := range t.Head {
			c.put("<th scope=\"col\"%s>%s</th>", class(i), text(h))
		}
		c.put("</tr></thead>\n")
	}
	c.put("<tbody>\n")
	for _, row := range t.Rows {
		c.put("<tr>")
		for i, cell := range row {
			inner := raw("%s")
			if cell.Tone != Plain {
				inner = raw(`<span class="` + string(cell.Tone) + `">%s</span>`)
			}
			if i == 0 {
				c.put("<th scope=\"row\">"+string(inner)+"</th>", text(cell.Text))
				continue
			}
			c.put("<td%s>"+string(inner)+"</td>", class(i), text(cell.Text))
		}
		c.put("</tr>\n")
	}
	c.put("</tbody></table></div>\n</section>\n")
}
