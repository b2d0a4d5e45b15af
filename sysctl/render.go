package sysctl

import (
	"bytes"
	"slices"
	"strings"
	"text/template"

	"github.com/tcptune/tcptune/templates"
)

// fileLine is one assignment in our file.
type fileLine struct{ Key, Value, Why string }

// renderConf renders our file in /etc/sysctl.d. Equal decisions give equal bytes: there is no date and no version in
// it, so that a second apply has nothing to write.
func renderConf(profile string, decisions []decision) (string, error) {
	var lines []fileLine
	for _, d := range decisions {
		if d.line {
			why := strings.Join(strings.Fields(d.wish.Why), " ")
			lines = append(lines, fileLine{Key: d.key.Name, Value: d.want, Why: why})
		}
	}
	return render("sysctl.conf.tmpl", struct {
		Profile string
		Lines   []fileLine
	}{profile, lines})
}

// renderLoads renders our file in /etc/modules-load.d.
func renderLoads(modules []string) (string, error) {
	slices.Sort(modules)
	return render("modules.conf.tmpl", slices.Compact(modules))
}

func render(name string, data any) (string, error) {
	t, err := template.ParseFS(templates.FS, name)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = t.Execute(&out, data)
	return out.String(), err
}
