package plan

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// tears are what a disk or a hand makes of a journal.
func tears() map[string]func([]byte) []byte {
	return map[string]func([]byte) []byte{
		"empty":       func([]byte) []byte { return nil },
		"cut short":   func(b []byte) []byte { return b[:len(b)/2] },
		"zeros":       func(b []byte) []byte { return make([]byte, len(b)) },
		"a tail lost": func(b []byte) []byte { return append(slices.Clone(b[:len(b)-8]), make([]byte, 8)...) },
		"a bit fell":  func(b []byte) []byte { return bytes.Replace(b, []byte(`"ours": "2"`), []byte(`"ours": "3"`), 1) },
		"no checksum": func(b []byte) []byte {
			at := bytes.Index(b, []byte(`"sha256"`))
			return slices.Delete(slices.Clone(b), at, at+bytes.IndexByte(b[at:], '\n'))
		},
	}
}

func tear(t *testing.T, h host.Host, how func([]byte) []byte) {
	t.Helper()
	was, err := h.ReadFile(JournalPath)
	if err != nil {
		t.Fatal(err)
	}
	is := how(was)
	if bytes.Equal(was, is) {
		t.Fatalf("nothing was torn in %s", was)
	}
	if err := h.WriteFile(JournalPath, is, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestATornJournalIsRebuiltFromItsCopyByWhatTheHostHolds(t *testing.T) {
	t.Parallel()
	for name, how := range tears() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, k := newSession(t, map[string]string{"a": "1", "b": "1"})
			mustApply(t, s, newFolder("/srv"), newFile("/srv/f", "text"), knob("a", "1", "2"), knob("b", "1", "2"))
			want := s.Journal().Owned
			s.Close()
			tear(t, s.h, how)

			seen, err := ReadJournal(s.h)
			if err != nil || !seen.Rebuilt() || !strings.Contains(seen.Interrupted(), "the journal is torn") {
				t.Fatalf("%v, %q", err, seen.Interrupted())
			}
			if diff := cmp.Diff(want, seen.Forecast().Owned); diff != "" {
				t.Errorf("supposed to be owned, want (-) and got (+):\n%s", diff)
			}
			again, _ := reopen(t, s.h, k)
			if diff := cmp.Diff(want, again.Journal().Owned); diff != "" {
				t.Errorf("owned, want (-) and got (+):\n%s", diff)
			}
			if again.Unknown || again.Repaired || k.values["a"] != "2" {
				t.Errorf("unknown %v, repaired %v, a is %s, notes %q", again.Unknown, again.Repaired, k.values["a"], again.Notes)
			}
			if onDisk, err := ReadJournal(s.h); err != nil || onDisk.Rebuilt() || onDisk.Pending != nil || onDisk.Seq <= seen.Seq {
				t.Errorf("on disk is %+v, %v", onDisk, err)
			}
		})
	}
}

// The journal before holds a and g; then b and f were wanted, and a once more.
func TestWhatATornJournalSaidIsToldByEachThing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		now     map[string]string
		file    string   // /etc/f; "": it is not there
		owned   []string // "a=2"
		unknown string   // is in the notes
	}{
		"all was made":         {map[string]string{"a": "3", "b": "2"}, "text", []string{"/etc/g=g", "a=3", "b=2", "/etc/f=text"}, ""},
		"nothing was":          {map[string]string{"a": "2", "b": "1"}, "", []string{"/etc/g=g", "a=2"}, ""},
		"a half was":           {map[string]string{"a": "2", "b": "2"}, "text", []string{"/etc/g=g", "a=2", "b=2", "/etc/f=text"}, ""},
		"one is neither":       {map[string]string{"a": "3", "b": "99"}, "text", []string{"/etc/g=g", "a=3", "b=2", "/etc/f=text"}, `knob b is unknown: it is "99", was "1" before and was to be "2"`},
		"a file is neither":    {map[string]string{"a": "3", "b": "2"}, "foreign", []string{"/etc/g=g", "a=3", "b=2", "/etc/f=text"}, `file /etc/f is unknown: it is "foreign", was absent before and was to be "text"`},
		"one cannot be looked": {map[string]string{"a": "3", "b": "EIO"}, "text", []string{"/etc/g=g", "a=3", "b=2", "/etc/f=text"}, "knob b is unknown: input/output error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, k := newSession(t, map[string]string{"a": "1", "b": "1"})
			if err := s.h.Mkdir("/etc", 0o755); err != nil {
				t.Fatal(err)
			}
			mustApply(t, s, newFile("/etc/g", "g"), knob("a", "1", "2"))
			mustApply(t, s, knob("a", "2", "3"), knob("b", "1", "2"), newFile("/etc/f", "text"))
			s.Close()
			tear(t, s.h, func([]byte) []byte { return nil })
			k.values = tt.now
			if err := s.h.Remove("/etc/f"); err != nil {
				t.Fatal(err)
			}
			if tt.file != "" {
				if err := s.h.WriteFile("/etc/f", []byte(tt.file), 0o644); err != nil {
					t.Fatal(err)
				}
			}

			again, _ := reopen(t, s.h, k)
			var owned []string
			for _, o := range again.Journal().Owned {
				owned = append(owned, o.Target+"="+*o.Left())
			}
			slices.Sort(owned)
			slices.Sort(tt.owned)
			if diff := cmp.Diff(tt.owned, owned); diff != "" {
				t.Errorf("owned, want (-) and got (+):\n%s", diff)
			}
			if o, ok := again.Journal().Find(Ref{report.Knob, "a"}); !ok || *o.Former() != "1" {
				t.Errorf("the value from before the first apply is lost: %+v", o)
			}
			notes := strings.Join(again.Notes, "\n")
			if again.Unknown != (tt.unknown != "") || !strings.Contains(notes, tt.unknown) {
				t.Errorf("unknown is %v, notes are\n%s\nwant %q", again.Unknown, notes, tt.unknown)
			}
			if k.writes = k.writes[2+1:]; len(k.writes) > 0 { // those of the applies
				t.Errorf("the host was changed: %q", k.writes)
			}
		})
	}
}

// What was begun after the copy was made is in neither.
func TestWhatTheCopyKnowsNothingOfIsUnknown(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, map[string]string{"a": "1", "b": "1"})
	mustApply(t, s, knob("a", "1", "2"))
	if err := s.save(s.journal); err != nil { // now the copy is of a host at rest
		t.Fatal(err)
	}
	s.Close()
	tear(t, s.h, func([]byte) []byte { return nil })
	again, _ := reopen(t, s.h, k)
	if !again.Unknown || !strings.Contains(strings.Join(again.Notes, "\n"), "what the command after it has changed is not known") {
		t.Errorf("unknown is %v, notes are %q", again.Unknown, again.Notes)
	}
	if _, owned := again.Journal().Find(Ref{report.Knob, "a"}); !owned {
		t.Error("a is forgotten")
	}
}

// A confirmation that has ended is not taken back, and a window that was open stays open.
func TestATornJournalKeepsItsWindow(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, map[string]string{"a": "1"})
	w := &Window{ID: "w", Live: []record{recordOf(knob("a", "1", "2"), 0)}}
	k.values["a"] = "2"
	j := s.journal
	j.Window = w
	if err := s.save(j); err != nil {
		t.Fatal(err)
	}
	j = s.journal
	then := j
	then.Window = nil
	then.commit(settled{made: w.Live}, s.bootID)
	j.Pending = &Transaction{Command: "confirm", Then: then.bare()}
	if err := errors.Join(s.save(j), s.save(then)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	tear(t, s.h, func([]byte) []byte { return nil })
	again, _ := reopen(t, s.h, k)
	if _, owned := again.Journal().Find(Ref{report.Knob, "a"}); !owned || again.Journal().Window != nil || k.values["a"] != "2" {
		t.Errorf("a is %s, the journal %+v", k.values["a"], again.Journal())
	}
}

// One that was killed between the two removals has undone all, and says so by its transaction.
func TestTheCopyGoesBeforeTheJournal(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, map[string]string{"a": "1"})
	mustApply(t, s, knob("a", "1", "2"))
	full := s.journal
	mustApply(t, s, knob("a", "2", "1"))
	for _, p := range []string{formerPath, JournalPath} {
		if _, err := s.h.Lstat(p); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a reverted host holds %s: %v", p, err)
		}
	}
	// A journal without a copy is one; a copy without a journal is none.
	if err := s.save(full); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := s.h.Remove(JournalPath); err != nil {
		t.Fatal(err)
	}
	if j, err := ReadJournal(s.h); err != nil || !j.empty() || j.Rebuilt() {
		t.Errorf("%+v, %v", j, err)
	}
	again, _ := reopen(t, s.h, k)
	if _, err := again.h.Lstat("/var/lib/tcptune"); !errors.Is(err, fs.ErrNotExist) || !again.Journal().empty() {
		t.Errorf("%v, %+v", err, again.Journal())
	}
}

func TestEachStepHasANumberAndTheCopyTheOneBefore(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, map[string]string{"a": "1"})
	s.program = "0.9.0"
	for i, value := range []string{"2", "3"} {
		mustApply(t, s, knob("a", string(rune('1'+i)), value))
		j, err := readJournalAt(s.h, JournalPath)
		former, formerErr := readJournalAt(s.h, formerPath)
		if want := uint64(2 * (i + 1)); err != nil || formerErr != nil || j.Seq != want || former.Seq != want-1 || j.WrittenBy != "0.9.0" {
			t.Errorf("journal %d, copy %d, want %d, by %q: %v, %v", j.Seq, former.Seq, want, j.WrittenBy, err, formerErr)
		}
	}
}

func TestAJournalThatIsNotOursToReadIsDamagedOrNewer(t *testing.T) {
	t.Parallel()
	sealed := func(text string) string {
		const zeros = "0000000000000000000000000000000000000000000000000000000000000000"
		text = strings.Replace(text, "SUM", zeros, 1)
		return strings.Replace(text, zeros, checksum([]byte(text), zeros), 1)
	}
	for name, tt := range map[string]struct{ text, code, says string }{
		"later":             {`{"schema":"tcptune-journal/v9","owned":[],"written_by":"1.2"}`, Newer, "written by tcptune 1.2"},
		"later, nameless":   {`{"schema":"tcptune-journal/v9","owned":[]}`, Newer, "written by a newer tcptune"},
		"later, otherwise":  {`{"schema":"tcptune-journal/v3","owned":{"by":"target"},"written_by":"1.2"}`, Newer, "written by tcptune 1.2"},
		"a new field":       {sealed(`{"schema":"tcptune-journal/v2","sha256":"SUM","written_by":"1.2","owned":[],"extra":1}`), Newer, "written by tcptune 1.2"},
		"a new kind":        {sealed(`{"schema":"tcptune-journal/v2","sha256":"SUM","owned":[{"kind":"moon","target":"x","before":null,"ours":"y","boot":"","source":""}]}`), Newer, "newer"},
		"a kind in pending": {`{"schema":"tcptune-journal/v1","owned":[],"pending":{"command":"x","boot":"","changes":[{"kind":"moon","target":"x","before":null,"after":null}]}}`, Newer, "newer"},
		"a torn new field":  {`{"schema":"tcptune-journal/v2","sha256":"00","owned":[],"extra":1}`, Damaged, "checksum"},
		"unsealed":          {`{"schema":"tcptune-journal/v2","owned":[]}`, Damaged, "checksum"},
		"old, a new field":  {`{"schema":"tcptune-journal/v1","owned":[],"extra":1}`, Damaged, "extra"},
		"of others":         {`{"schema":"something/v1","owned":[]}`, Damaged, "something/v1"},
		"no version":        {`{"schema":"tcptune-journal/vx","owned":[]}`, Damaged, "vx"},
		"cut":               {`{"schema":"tcptune-journal/v1","owned":[`, Damaged, "unexpected end"},
		"nothing":           {``, Damaged, "it is empty"},
	} {
		_, err := parseJournal([]byte(tt.text))
		if !report.Is(err, tt.code) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %s, %q", name, err, tt.code, tt.says)
		}
		if d := report.Describe(err); strings.Contains(d.Hint, "mv ") != (tt.code == Damaged) {
			t.Errorf("%s: hint is %q", name, d.Hint)
		}
	}
}
