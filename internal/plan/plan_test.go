package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type options struct {
	Profile string `json:"profile"`
}

func TestSavedPlanComesBackAsItWas(t *testing.T) {
	t.Parallel()
	c := knob("a", "1", "2")
	c.Required = true
	data, err := Encode(Plan{Changes: []Change{c, newFile("/f", "x\n")}}, options{"server"})
	if err != nil {
		t.Fatal(err)
	}
	var o options
	got, err := Decode(data, &o)
	if err != nil || o.Profile != "server" {
		t.Fatalf("%+v, %v", o, err)
	}
	if moved := Moved(got, Plan{Changes: []Change{c, newFile("/f", "x\n")}}); moved != nil {
		t.Errorf("moved: %v", moved)
	}
}

func TestWhatIsNoSavedPlanIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `{}`, `[]`, `{"schema":"tcptune-plan/v2","options":{},"changes":[]}`,
		`{"schema":"tcptune-plan/v1","options":{"evil":1},"changes":[]}`, `{"schema":"tcptune-plan/v1","options":{},"changes":[]}{}`,
	} {
		if _, err := Decode([]byte(text), &options{}); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestMovedNamesEveryDifference(t *testing.T) {
	t.Parallel()
	saved := Plan{Changes: []Change{knob("same", "1", "2"), knob("before", "1", "2"), knob("after", "1", "2"), knob("gone", "1", "2")}}
	now := Plan{Changes: []Change{knob("same", "1", "2"), knob("before", "5", "2"), knob("after", "1", "9"), knob("new", "1", "2")}}
	want := []string{
		`knob before: was "1", is "5"`,
		`knob after: would become "9", not "2"`,
		`knob new: not in the saved plan`,
		`knob gone: no longer planned`,
	}
	if diff := cmp.Diff(want, Moved(saved, now)); diff != "" {
		t.Error(diff)
	}
}

// Two bytes of JSON become two hundred of memory: what is no plan by far is not decoded.
func TestADocumentOfTooManyThingsIsNotDecoded(t *testing.T) {
	const head, foot = `{"schema":"tcptune-plan/v1","options":{},"changes":[`, "{}]}"
	var options struct{}
	if _, err := Decode([]byte(head+strings.Repeat("{},", maxJSON/2-10)+foot), &options); err != nil {
		t.Error(err)
	}
	for _, part := range []string{"{},", "null,", "[],", `"",`, `{"kind":`} {
		_, err := Decode([]byte(head+strings.Repeat(part, maxJSON+1)+foot), &options)
		if err == nil || !strings.Contains(err.Error(), "more than the 50000 things that it can have") {
			t.Errorf("%s: %v", part, err)
		}
	}
	// What stands in a text is no thing.
	text := head + `{"kind":"file","target":"` + strings.Repeat(`{[,\"`, maxJSON) + `"}]}`
	if _, err := Decode([]byte(text), &options); err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"schema":"tcptune-plan/v1","options":{"profile":"server"},"changes":[]}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = Decode(data, &options{}) // must not panic
	})
}
