package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/server"
)

// converse has a handler answer what arrives in pieces, as a connection does, and returns all answers.
func converse(t *testing.T, h server.MessageHandler, pieces ...[]byte) (answers []byte, messages int, last error) {
	t.Helper()
	var in []byte
	for _, piece := range pieces {
		in = append(in, piece...)
		for len(in) > 0 {
			before := bytes.Clone(in)
			step, err := h.Handle(make([]byte, 0, 16), in)
			if step.Consumed < 0 || step.Consumed > len(in) {
				t.Fatalf("consumed %d of %d bytes", step.Consumed, len(in))
			}
			if !bytes.Equal(before, in) {
				t.Fatal("what was received has been changed")
			}
			answers = append(answers, step.Out...)
			messages += step.Messages
			if err != nil {
				return answers, messages, err
			}
			if step.Consumed == 0 {
				if len(step.Out) > 0 || step.Messages > 0 {
					t.Fatal("answered, and consumed nothing")
				}
				break
			}
			in = in[step.Consumed:]
		}
	}
	return answers, messages, nil
}

// agrees checks that it makes no difference in which pieces in arrives.
func agrees(t *testing.T, h server.MessageHandler, in []byte, cut int) (answers []byte, messages int, last error) {
	t.Helper()
	answers, messages, last = converse(t, h, in)
	cut = int(uint(cut) % uint(len(in)+1))
	var each [][]byte
	for i := range in {
		each = append(each, in[i:i+1])
	}
	for name, pieces := range map[string][][]byte{"two pieces": {in[:cut], in[cut:]}, "single bytes": each} {
		gotAnswers, gotMessages, err := converse(t, h, pieces...)
		if !bytes.Equal(gotAnswers, answers) || gotMessages != messages || !errors.Is(err, last) {
			t.Fatalf("in %s: %d messages, %q, %v\nas a whole: %d messages, %q, %v", name, gotMessages, gotAnswers, err,
				messages, answers, last)
		}
	}
	return answers, messages, last
}

const fuzzMax = 40

func FuzzLine(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "\r\n", "hello\n", "one\ntwo\r\nthree", "\r\r\n", "a\x00b\n",
		strings.Repeat("x", fuzzMax) + "\r\n", strings.Repeat("x", fuzzMax+1) + "\n", strings.Repeat("x", fuzzMax+3),
	} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		answers, messages, err := agrees(t, line{max: fuzzMax}, in, cut)
		want, wantMessages, tooLong := echoed(in)
		if string(answers) != want || messages != wantMessages || errors.Is(err, server.ErrTooLong) != tooLong ||
			err != nil && !tooLong {
			t.Errorf("%q: %d messages, %q, %v\nwant %d, %q, too long: %v", in, messages, answers, err, wantMessages, want,
				tooLong)
		}
	})
}

// echoed is what a line answers, said in another way.
func echoed(in []byte) (answers string, messages int, tooLong bool) {
	lines := strings.Split(string(in), "\n")
	for i, line := range lines {
		if i == len(lines)-1 { // without an end
			tooLong = len(line) >= fuzzMax+2
			break
		}
		line = strings.TrimSuffix(line, "\r")
		if len(line) > fuzzMax {
			tooLong = true
			break
		}
		answers += "echo: " + line + "\n"
		messages++
	}
	if tooLong {
		answers += "error: line is too long\n"
	}
	return answers, messages, tooLong
}

func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		"", "\x00", "\x00\x00\x00\x00", "\x00\x00\x00\x05hello", "\x00\x00\x00\x05hel", "\xff\xff\xff\xff",
		"\x00\x00\x00\x29",
		string(appendFrame(nil, []byte(`{"op":"echo","data":[1,"a"]}`))), string(appendFrame(nil, []byte(`{"op":"stats"}`))),
		string(appendFrame(nil, []byte(`{"op":"none"}`))), string(appendFrame(nil, []byte(`{"op":7}`))),
		string(appendFrame(nil, []byte(`{}`))),
		string(appendFrame(appendFrame(nil, []byte("one")), []byte("two"))),
	} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		if bytes.Contains(in, []byte("time")) || bytes.Contains(in, []byte(`\u`)) { // is answered anew each time
			return
		}
		h := frame{max: fuzzMax, stats: func() any { return 1 }}
		answers, messages, err := agrees(t, h, in, cut)
		frames := 0
		for rest := answers; len(rest) > 0; frames++ {
			if len(rest) < frameHeader || uint64(len(rest)-frameHeader) < uint64(binary.BigEndian.Uint32(rest)) {
				t.Fatalf("half a frame is answered: %q", answers)
			}
			rest = rest[frameHeader+int(binary.BigEndian.Uint32(rest)):]
		}
		if err != nil && !errors.Is(err, server.ErrTooLong) {
			t.Fatal(err)
		}
		if errors.Is(err, server.ErrTooLong) {
			frames--
		}
		if frames != messages {
			t.Errorf("%d messages, %d answers", messages, frames)
		}
	})
}

func TestAHandlerStopsAtAnOutputChunk(t *testing.T) {
	t.Parallel()
	oneLine := []byte(strings.Repeat("x", 999) + "\n")
	oneFrame := appendFrame(nil, bytes.Repeat([]byte("x"), 1000))
	for name, tt := range map[string]struct {
		h   server.MessageHandler
		one []byte
	}{"line": {line{max: 1000}, oneLine}, "frame": {frame{max: 1000}, oneFrame}} {
		step, err := tt.h.Handle(nil, bytes.Repeat(tt.one, 1000))
		if err != nil || len(step.Out) > server.OutputChunk+2000 || step.Consumed == 0 {
			t.Errorf("%s: %d bytes of answers, consumed %d, %v", name, len(step.Out), step.Consumed, err)
		}
	}
}

func TestQuestionsInFramesAreAnsweredInJSON(t *testing.T) {
	t.Parallel()
	h := frame{max: 1000, stats: func() any { return map[string]int{"active": 1} }}
	for question, want := range map[string]string{
		`{"op":"echo","data":{"a":[1]}}`: `{"data":{"a":[1]},"ok":true}`,
		`{"op":"echo"}`:                  `{"data":null,"ok":true}`,
		`{"op":"stats"}`:                 `{"ok":true,"stats":{"active":1}}`,
		`{"op":"reboot"}`:                `{"error":"unknown op \"reboot\"","ok":false}`,
		`{"op":1}`:                       `{"op":1}`,
		`{"data":1}`:                     `{"data":1}`,
		`{no JSON`:                       `{no JSON`,
		`hello`:                          `hello`,
		``:                               ``,
	} {
		got, n, err := converse(t, h, appendFrame(nil, []byte(question)))
		if string(got) != string(appendFrame(nil, []byte(want))) || n != 1 || err != nil {
			t.Errorf("%s: got %q, %d, %v, want %s", question, got, n, err, want)
		}
	}
	got, _, _ := converse(t, h, appendFrame(nil, []byte(`{"op":"time"}`)))
	if !bytes.Contains(got, []byte(`"ok":true,"time":"20`)) {
		t.Errorf("time: %q", got)
	}
}

func TestNoAnswerIsLongerThanAFrameMayBe(t *testing.T) {
	t.Parallel()
	for _, most := range []int{0, 1, 2, 10, 40, 100, 1000} {
		f := frame{max: most, stats: func() any { return strings.Repeat("s", 5000) }}
		for _, payload := range []string{
			`{"op":"echo","data":"` + strings.Repeat("<", 970) + `"}`, `{"op":"stats"}`, `{"op":"` + strings.Repeat("\x01", 900) + `"}`,
			`{"op":"` + strings.Repeat("é<", 300) + `"}`, `{"op":"time"}`, `{"op":"echo"}`, strings.Repeat("x", 1000), "{}", "",
			strings.Repeat("x", 1001),
		} {
			step, _ := f.Handle(nil, []byte(framed(payload)))
			if got := len(step.Out) - frameHeader; got > most {
				t.Errorf("%.20q is answered with %d bytes, where at most %d are a frame", payload, got, most)
			}
		}
	}
	step, _ := frame{max: 1000}.Handle(nil, []byte(framed(`{"op":"echo","data":"<&>"}`)))
	if got := string(step.Out[frameHeader:]); got != `{"data":"<&>","ok":true}` {
		t.Errorf("got %s", got)
	}
}

func TestAPlainMessageIsAnsweredWithoutGarbage(t *testing.T) {
	out, text := make([]byte, 0, 1<<10), strings.Repeat("x", 64)
	for name, tt := range map[string]struct {
		h  server.MessageHandler
		in string
	}{
		"echo":    {echo{}, text},
		"discard": {discard{}, text},
		"line":    {line{100}, text + "\n"},
		"frame":   {frame{max: 100}, "\x00\x00\x00\x40" + text},
	} {
		in := []byte(tt.in)
		if got := testing.AllocsPerRun(100, func() {
			if step, err := tt.h.Handle(out, in); step.Messages != 1 || err != nil {
				t.Errorf("%s: %d messages, %v", name, step.Messages, err)
			}
		}); got > 0 {
			t.Errorf("%s: %.0f allocations for a message", name, got)
		}
	}
}
