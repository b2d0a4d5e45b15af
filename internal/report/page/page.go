// Package page draws results as one HTML page that needs nothing else: no script, no font, no network. Charts are inline
// SVG that is stretched to the width there is, and their words are HTML beside it, so that both can be read on a telephone.
// Colours follow what the reader prefers, light or dark. Every text is escaped, wherever it came from.
package page

import (
	_ "embed"
	"fmt"
	"html"
	"io"
	"strings"
	"unicode"
)

// Page is a title, a line about it, and what is shown, from top to bottom.
type Page struct {
	Title string
	Lead  string
	Parts []Part
	Foot  string // by whom and when it was made
}

// Part is something that a page shows: [Tiles], [Table], [Lines], [Heat], [Intervals], [Note].
type Part interface{ draw(*canvas) }

//go:embed page.css
var style string

// Write writes the page.
func (p Page) Write(w io.Writer) error {
	var c canvas
	c.put(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>%s</title>
<style>
%s</style>
</head>
<body>
<header>
<h1>%s</h1>
`, text(p.Title), raw(style), text(p.Title))
	if p.Lead != "" {
		c.put("<p class=\"lead\">%s</p>\n", text(p.Lead))
	}
	c.put("</header>\n<main>\n")
	for _, part := range p.Parts {
		part.draw(&c)
	}
	c.put("</main>\n<footer>%s</footer>\n</body>\n</html>\n", text(p.Foot))
	_, err := io.WriteString(w, c.String())
	return err
}

// canvas is the page so far.
type canvas struct{ strings.Builder }

// put writes HTML. A text among its arguments has to be a [text], so that nothing gets in unescaped.
func (c *canvas) put(format string, args ...any) {
	for i, arg := range args {
		switch arg := arg.(type) {
		case raw, int, float64:
		case text:
			args[i] = escaped(string(arg))
		default:
			args[i] = escaped(fmt.Sprint(arg))
		}
	}
	fmt.Fprintf(c, format, args...)
}

// escaped is a text as HTML, without what no page can hold.
func escaped(s string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

type (
	text string // is escaped
	raw  string // is HTML already
)

// Tone is how a thing is to be taken.
type Tone string

// The tones.
const (
	Plain Tone = ""
	Good  Tone = "good"
	Warn  Tone = "warn"
	Bad   Tone = "bad"
)

// Tiles are the figures that are read first.
type Tiles []Tile

// Tile is one of them.
type Tile struct {
	Label, Value, Note string
	Tone               Tone
}

func (t Tiles) draw(c *canvas) {
	c.put("<dl class=\"tiles\">\n")
	for _, tile := range t {
		c.put(`<div class="tile %s"><dt>%s</dt><dd>%s</dd>`, text(tile.Tone), text(tile.Label), text(tile.Value))
		if tile.Note != "" {
			c.put(`<dd class="note">%s</dd>`, text(tile.Note))
		}
		c.put("</div>\n")
	}
	c.put("</dl>\n")
}

// Note is a sentence that stands out.
type Note struct {
	Text string
	Tone Tone
}

func (n Note) draw(c *canvas) { c.put("<p class=\"say %s\">%s</p>\n", text(n.Tone), text(n.Text)) }
