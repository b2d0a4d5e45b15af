package fleet

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const dashboards = "../../deploy/grafana/*.json"

type source struct{ Type, UID string }

// target is one query of a panel.
type target struct {
	RefID        string `json:"refId"`
	Expr         string
	LegendFormat string
}

type place struct{ X, Y, W, H int }

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               source
	GridPos                  place
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []target
}

type variable struct {
	Name, Type string
	Datasource source
	Definition string
}

// A dashboard is what Grafana imports, as far as its queries, its places and its variables go.
type dashboard struct {
	UID, Title    string
	SchemaVersion int
	Panels        []panel
	Templating    struct{ List []variable }
	Annotations   struct {
		List []struct {
			Datasource source
			Expr       string
		}
	}
}

// theDashboards are those of deploy, by the names of their files.
func theDashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	files, err := filepath.Glob(dashboards)
	if err != nil || len(files) < 2 {
		t.Fatalf("dashboards: %v, %v", files, err)
	}
	all := map[string]dashboard{}
	for _, file := range files {
		var d dashboard
		if err := json.Unmarshal([]byte(text(t, file)), &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = d
	}
	return all
}

// queries are all of d, with what its variables stand for when everything is chosen, by the title of the panel.
func (d dashboard) queries() map[string]string {
	all := map[string]string{}
	chosen := strings.NewReplacer("$job", ".*", "$instance", ".*", "$__rate_interval", "1m")
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			all[fmt.Sprintf("%s, %s %s", d.Title, p.Title, q.RefID)] = chosen.Replace(q.Expr)
		}
	}
	for _, v := range d.Templating.List {
		if m := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`).FindStringSubmatch(v.Definition); m != nil {
			all[d.Title+", variable "+v.Name] = chosen.Replace("count by (" + m[2] + ") (" + m[1] + ")")
		}
	}
	return all
}

// What Grafana would tell at an import, or show as an empty panel; it cannot be had here.
func TestDashboardsAreWhole(t *testing.T) {
	units := []string{"short", "s", "bytes", "Bps", "percentunit", "cps", "pps", "reqps", "ops"}
	panels, chosen := 0, source{"prometheus", "${datasource}"}
	for file, d := range theDashboards(t) {
		wrong := func(format string, args ...any) { t.Errorf("%s: "+format, append([]any{file}, args...)...) }
		if d.UID != file || d.Title == "" || d.SchemaVersion < 36 {
			wrong("uid %q, title %q, schema %d", d.UID, d.Title, d.SchemaVersion)
		}
		if len(d.Templating.List) == 0 || d.Templating.List[0].Name != "datasource" || d.Templating.List[0].Type != "datasource" {
			wrong("no variable lets one choose the Prometheus")
		}
		for _, v := range d.Templating.List[1:] {
			if v.Datasource != chosen || v.Definition == "" {
				wrong("variable %s asks %v for %q", v.Name, v.Datasource, v.Definition)
			}
		}
		for _, a := range d.Annotations.List {
			if a.Datasource != chosen {
				wrong("an annotation asks %v", a.Datasource)
			}
		}
		ids, titles := map[int]bool{}, map[string]bool{}
		taken := map[[2]int]string{}
		for _, p := range d.Panels {
			panels++
			if p.ID == 0 || ids[p.ID] || p.Title == "" || titles[p.Type+p.Title] {
				wrong("%s: id %d and title are not its own", p.Title, p.ID)
			}
			ids[p.ID], titles[p.Type+p.Title] = true, true
			if g := p.GridPos; g.X < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
				wrong("%s lies outside of the grid: %+v", p.Title, g)
			}
			for x := range p.GridPos.W {
				for y := range p.GridPos.H {
					at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
					if other := taken[at]; other != "" {
						wrong("%s lies over %s", p.Title, other)
					}
					taken[at] = p.Title
				}
			}
			if p.Type == "row" {
				continue
			}
			unit := p.FieldConfig.Defaults.Unit
			if p.Datasource != chosen || p.Description == "" || !slices.Contains(units, unit) || len(p.Targets) == 0 {
				wrong("%s: asks %v, in %q, described as %q, with %d queries", p.Title, p.Datasource, unit, p.Description,
					len(p.Targets))
			}
			refs := map[string]bool{}
			for _, q := range p.Targets {
				if q.RefID == "" || refs[q.RefID] || q.Expr == "" || p.Type == "timeseries" && q.LegendFormat == "" {
					wrong("%s: the query %+v", p.Title, q)
				}
				refs[q.RefID] = true
				if !strings.Contains(q.Expr, `job=~"$job"`) || !strings.Contains(q.Expr, `instance=~"$instance"`) {
					wrong("%s: the query does not go by what is chosen: %s", p.Title, q.Expr)
				}
			}
		}
	}
	if panels < 40 {
		t.Errorf("only %d panels", panels)
	}
}

// Prometheus can read each query, and each metric in it is one that there is.
func TestDashboardsAskForWhatExists(t *testing.T) {
	known := text(t, "../../docs/man/tcptune-metrics.8.md") + served(t)
	for _, r := range rulesOf(t, rules) {
		known += r.Record + "\n"
	}
	var file strings.Builder
	file.WriteString("groups:\n  - name: queries\n    rules:\n")
	n := 0
	for _, d := range theDashboards(t) {
		for where, query := range d.queries() {
			n++
			fmt.Fprintf(&file, "      - {record: 'q%d', expr: '%s'}\n", n, query)
			for _, name := range namesIn(query) {
				others := regexp.MustCompile(`^(node_textfile_mtime|process_)`).MatchString(name)
				if !regexp.MustCompile(`\b`+name+`\b`).MatchString(known) && !others {
					t.Errorf("%s asks for %s, which neither tcptune metrics nor the server has", where, name)
				}
			}
		}
	}
	at := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(at, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := run(t, nil, program(t, "promtool"), "check", "rules", at); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
