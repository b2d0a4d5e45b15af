package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	someTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	someParent = "00-" + someTrace + "-00f067aa0ba902b7-01"
)

// judged is what the standard's grammar makes of a traceparent, written another way: "" where it is malformed.
func judged(s string) string {
	m := regexp.MustCompile(`(?s)^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$`).FindStringSubmatch(s)
	if m == nil || m[1] == "ff" || m[1] == "00" && m[5] != "" || m[2] == strings.Repeat("0", 32) || m[3] == strings.Repeat("0", 16) {
		return ""
	}
	flags, _ := strconv.ParseUint(m[4], 16, 8)
	return fmt.Sprintf("00-%s-%s-%02x", m[2], m[3], flags&3)
}

// damaged is s with one thing that may be wrong.
func damaged(r *rand.Rand, s string) string {
	if s == "" {
		return "00"
	}
	at, other := r.IntN(len(s)), string("09afAFgz- \t\n\x00\xff,;="[r.IntN(17)])
	switch r.IntN(7) {
	case 0:
		return s[:at] + other + s[at+1:]
	case 1:
		return s[:at] + s[at+1:]
	case 2:
		return s[:at] + other + s[at:]
	case 3:
		return s[:at]
	case 4:
		return s + []string{"-", "-what-came-later", "0", "," + someParent, strings.Repeat("-0", 1<<10)}[r.IntN(5)]
	case 5:
		return []string{"ff", "fe", "01", "0", "FF"}[r.IntN(5)] + s[min(2, len(s)):]
	default:
		return strings.NewReplacer(someTrace, strings.Repeat("0", 32), "00f067aa0ba902b7", strings.Repeat("0", 16)).Replace(s)
	}
}

func TestAMalformedTraceparentIsNone(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	good, bad := 0, 0
	for range 20_000 {
		s := someParent
		for range r.IntN(4) {
			s = damaged(r, s)
		}
		got, want := traceparent(s), judged(s)
		if got != want {
			t.Fatalf("%q is passed on as %q, want %q", s, got, want)
		}
		if want == "" {
			bad++
		} else {
			good++
		}
	}
	if good < 1000 || bad < 1000 {
		t.Errorf("the generator made %d good ones, and %d malformed ones", good, bad)
	}
}

func FuzzTraceparent(f *testing.F) {
	f.Add(someParent)
	f.Add("cc-" + someTrace + "-00f067aa0ba902b7-ff-more")
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := traceparent(s), judged(s); got != want {
			t.Errorf("%q is passed on as %q, want %q", s, got, want)
		}
	})
}

func TestAListOfStatesIsPassedOnWholeOrShortenedByMembers(t *testing.T) {
	t.Parallel()
	long := func(key string, n int) string { return key + "=" + strings.Repeat("x", n-len(key)-1) }
	var many []string
	for i := range 33 {
		many = append(many, fmt.Sprintf("k%d=1", i))
	}
	all := func(members ...string) string { return strings.Join(members, ",") }
	for name, tt := range map[string]struct{ came, want string }{
		"one":                     {"rojo=00f067aa0ba902b7", "rojo=00f067aa0ba902b7"},
		"spaces around members":   {" a=1 ,\t, b@s= 2", "a=1,b@s= 2"},
		"a tenant may be digits":  {"0t@s=1", "0t@s=1"},
		"a key may not":           {"0t=1", ""},
		"upper case":              {"A=1", ""},
		"no value":                {"a=", ""},
		"no key":                  {"=1", ""},
		"no member":               {"a", ""},
		"an equals sign in it":    {"a=1=2", ""},
		"no ASCII":                {"a=é", ""},
		"a control character":     {"a=\x01", ""},
		"twice the same":          {"a=1,b=1,a=2", ""},
		"two systems":             {"a@b@c=1", ""},
		"a system that is long":   {"a@" + strings.Repeat("s", 15) + "=1", ""},
		"a key that is long":      {strings.Repeat("k", 257) + "=1", ""},
		"a value that is long":    {"a=" + strings.Repeat("x", 257), ""},
		"32 members":              {all(many[:32]...), all(many[:32]...)},
		"33 members":              {all(many...), ""},
		"512 bytes":               {all(long("a", 255), long("b", 256)), all(long("a", 255), long("b", 256))},
		"long members go first":   {all(long("a", 200), long("b", 128), long("c", 128), long("d", 128)), all(long("b", 128), long("c", 128), long("d", 128))},
		"and then those that end": {all(long("a", 128), long("b", 128), long("c", 128), long("d", 128)), all(long("a", 128), long("b", 128), long("c", 128))},
	} {
		if got := tracestate(tt.came); got != tt.want {
			t.Errorf("%s: %q is passed on as %q, want %q", name, tt.came, got, tt.want)
		}
	}
}

// told is a log at a level, and what it has said.
func told(level slog.Level) (*slog.Logger, *strings.Builder) {
	var said strings.Builder
	return slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: level})), &said
}

func TestHTTPPassesATraceOnAndLogsIt(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		came   http.Header
		parent string
		state  string
	}{
		"a trace":            {http.Header{"Traceparent": {someParent}, "Tracestate": {"a=1", "b=2"}}, someParent, "a=1,b=2"},
		"none":               {http.Header{}, "", ""},
		"malformed":          {http.Header{"Traceparent": {strings.ToUpper(someParent)}, "Tracestate": {"a=1"}}, "", ""},
		"two of them":        {http.Header{"Traceparent": {someParent, someParent}, "Tracestate": {"a=1"}}, "", ""},
		"a state alone":      {http.Header{"Tracestate": {"a=1"}}, "", ""},
		"a malformed state":  {http.Header{"Traceparent": {someParent}, "Tracestate": {"a=1", "A=2"}}, someParent, ""},
		"of a later version": {http.Header{"Traceparent": {"01" + someParent[2:] + "-more"}}, someParent, ""},
	} {
		log, said := told(slog.LevelDebug)
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/nowhere?token=secret", http.NoBody)
		r.Header = tt.came
		logged(log, demo(100)).ServeHTTP(w, r)
		if got := w.Header().Get("Traceparent"); got != tt.parent {
			t.Errorf("%s: traceparent %q is passed on, want %q", name, got, tt.parent)
		}
		if got := w.Header().Get("Tracestate"); got != tt.state {
			t.Errorf("%s: tracestate %q is passed on, want %q", name, got, tt.state)
		}
		line := said.String()
		if !strings.Contains(line, "method=GET path=/nowhere status=404") || strings.Contains(line, "secret") {
			t.Errorf("%s: the log says %q", name, line)
		}
		if got := strings.Contains(line, "trace-id="+someTrace); got != (tt.parent != "") || strings.Count(line, "trace-id") > 1 {
			t.Errorf("%s: the log says of the trace: %q", name, line)
		}
	}
}

func TestRelayLogsTheTraceOfAFrame(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]bool{
		`{"op":"echo","traceparent":"` + someParent + `"}`:                  true,
		`{"op":"echo","traceparent":"` + strings.ToUpper(someParent) + `"}`: false,
		`{"op":"echo","traceparent":1}`:                                     false,
		`{"traceparent":"` + someParent + `"`:                               false,
		someParent:                                                          false,
		"":                                                                  false,
	} {
		for _, failed := range []error{nil, errors.New("no upstream")} {
			log, said := told(slog.LevelDebug)
			question{"192.0.2.1", []byte(payload)}.logged(t.Context(), log, 0, failed)
			if got := strings.Contains(said.String(), "trace-id="+someTrace); got != want || said.Len() == 0 {
				t.Errorf("%s: the log says %q", payload, said)
			}
		}
	}
	log, said := told(slog.LevelInfo)
	question{"192.0.2.1", nil}.logged(t.Context(), log, 0, nil)
	if said.Len() > 0 {
		t.Errorf("at level info a frame is logged: %q", said)
	}
}
