package schematest

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/docs/schema"
)

// object is one object of the schema, as far as it is compared with a Go struct.
type object struct {
	Required   []string                   `json:"required"`
	Properties map[string]json.RawMessage `json:"properties"`
	Additional *bool                      `json:"additionalProperties"`
	OneOf      []object                   `json:"oneOf"`
	Enum       []string                   `json:"enum"`
}

func TestSchemaHasTheFieldsOfTheReport(t *testing.T) {
	top, defs := published(t)
	for name, tc := range map[string]struct {
		obj object
		typ reflect.Type
	}{
		"Report":      {top, reflect.TypeFor[report.Report]()},
		"Change":      {defs["change"], reflect.TypeFor[report.Change]()},
		"Difference":  {defs["difference"], reflect.TypeFor[report.Difference]()},
		"DeadLine":    {defs["deadLine"], reflect.TypeFor[report.DeadLine]()},
		"Check":       {defs["check"], reflect.TypeFor[report.Check]()},
		"Key":         {defs["key"], reflect.TypeFor[report.Key]()},
		"Error":       {defs["problem"], reflect.TypeFor[report.Error]()},
		"Profile":     {defs["profile"], reflect.TypeFor[report.Profile]()},
		"ProfileKey":  {defs["profileKey"], reflect.TypeFor[report.ProfileKey]()},
		"Sizing":      {defs["sizing"], reflect.TypeFor[report.Sizing]()},
		"Step":        {defs["step"], reflect.TypeFor[report.Step]()},
		"Holder":      {defs["holder"], reflect.TypeFor[report.Holder]()},
		"Process":     {defs["holderProcess"], reflect.TypeFor[report.HolderProcess]()},
		"Service":     {defs["service"], reflect.TypeFor[report.Service]()},
		"Unit":        {defs["serviceUnit"], reflect.TypeFor[report.ServiceUnit]()},
		"GoVersion":   {defs["goVersion"], reflect.TypeFor[report.GoVersion]()},
		"GoShell":     {defs["goShell"], reflect.TypeFor[report.GoShell]()},
		"Explanation": {defs["explanation"], reflect.TypeFor[report.Explanation]()},
		"Field":       {defs["field"], reflect.TypeFor[report.Field]()},
		"Myth":        {defs["myth"], reflect.TypeFor[report.Myth]()},
		"Imported":    {defs["imported"], reflect.TypeFor[report.Imported]()},
		"Proof":       {defs["proof"], reflect.TypeFor[report.Proof]()},
		"ProofPath":   {defs["proofPath"], reflect.TypeFor[report.ProofPath]()},
		"ProofGiven":  {defs["proofMeasurement"], reflect.TypeFor[report.ProofMeasurement]()},
		"ProofRow":    {defs["proofRow"], reflect.TypeFor[report.ProofRow]()},
		"ProofKey":    {defs["proofSetting"], reflect.TypeFor[report.ProofSetting]()},
		"ProofGap":    {defs["proofAbsence"], reflect.TypeFor[report.ProofAbsence]()},
		"Finding":     {defs["finding"], reflect.TypeFor[report.Finding]()},
		"Limit":       {defs["limit"], reflect.TypeFor[report.Limit]()},
		"Advised":     {defs["advised"], reflect.TypeFor[report.Advised]()},
		"Observed":    {defs["observed"], reflect.TypeFor[report.Observed]()},
		"Spread":      {defs["spread"], reflect.TypeFor[report.Spread]()},
		"Spent":       {defs["spent"], reflect.TypeFor[report.Spent]()},
		"SpentPart":   {defs["spentPart"], reflect.TypeFor[report.SpentPart]()},
		"Unjudged":    {defs["unjudged"], reflect.TypeFor[report.Unjudged]()},
		"Record":      {defs["record"], reflect.TypeFor[report.Record]()},
		"Actor":       {defs["actor"], reflect.TypeFor[report.Actor]()},
		"Recorded":    {defs["recordedChange"], reflect.TypeFor[report.RecordedChange]()},
		"Build":       {defs["build"], reflect.TypeFor[report.Build]()},
		"Server":      {defs["server"], reflect.TypeFor[report.Server]()},
		"DecidedBy":   {defs["decidedBy"].OneOf[1], reflect.TypeFor[report.DecidedBy]()},
	} {
		all, required := fields(tc.typ)
		if diff := cmp.Diff(all, slices.Sorted(maps.Keys(tc.obj.Properties))); diff != "" {
			t.Errorf("%s: fields of the struct (-), of the schema (+):\n%s", name, diff)
		}
		slices.Sort(tc.obj.Required)
		if diff := cmp.Diff(required, tc.obj.Required); diff != "" {
			t.Errorf("%s: fields always written (-), required by the schema (+):\n%s", name, diff)
		}
		if tc.obj.Additional == nil || *tc.obj.Additional {
			t.Errorf("%s: the schema allows unknown fields", name)
		}
	}
}

func TestSchemaHasTheWordsOfTheReport(t *testing.T) {
	_, defs := published(t)
	enum := func(def, property string) []string {
		var o object
		if err := json.Unmarshal(defs[def].Properties[property], &o); err != nil {
			t.Fatal(err)
		}
		return o.Enum
	}
	consts := constants(t, filepath.Join("..", "..", "internal", "report"))
	for typ, words := range map[string][]string{
		"Kind":     enum("change", "kind"),
		"Grade":    enum("check", "grade"),
		"Status":   defs["status"].Enum,
		"Severity": defs["severity"].Enum,
		"Fate":     defs["fate"].Enum,
	} {
		slices.Sort(words)
		if diff := cmp.Diff(consts[typ], words); diff != "" {
			t.Errorf("%s: constants (-), words of the schema (+):\n%s", typ, diff)
		}
	}
}

func published(t *testing.T) (top object, defs map[string]object) {
	t.Helper()
	var s struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(schema.V1, &s); err != nil {
		t.Fatal(err)
	}
	return s.object, s.Defs
}

// fields returns the JSON names of typ's fields, sorted: all of them, and those that are written even when empty.
func fields(typ reflect.Type) (all, required []string) {
	for i := range typ.NumField() {
		name, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		all = append(all, name)
		if options != "omitempty" {
			required = append(required, name)
		}
	}
	slices.Sort(all)
	slices.Sort(required)
	return all, required
}

// constants returns the values of the typed string constants in the Go files of dir, sorted, by the name of the type.
func constants(t *testing.T, dir string) map[string][]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".go" || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			typ, ok := spec.Type.(*ast.Ident)
			lit, isLit := spec.Values[0].(*ast.BasicLit)
			if !ok || !isLit || lit.Kind != token.STRING {
				return true
			}
			word, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			got[typ.Name] = append(got[typ.Name], word)
			return true
		})
	}
	for _, words := range got {
		slices.Sort(words)
	}
	return got
}
