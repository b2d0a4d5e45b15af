// Package templates holds the texts of the files that tcptune writes on a host.
package templates

import "embed"

// FS holds the templates, text/template syntax.
//
//go:embed *.tmpl workspace/*.tmpl
var FS embed.FS
