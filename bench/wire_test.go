package bench

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// answersTo is what each protocol makes of an answer: how long each whole one is, and why it is none.
type taken struct {
	whole []int
	bad   kind
	last  bool
}

// takeAll feeds text in parts that end at the given places.
func takeAll(w wire, text string, cuts ...int) (got taken) {
	c := conn{asked: 100}
	at, since := 0, 0
	for _, end := range append(cuts, len(text)) {
		for in := []byte(text[at:end]); len(in) > 0; {
			used, whole, bad := w.take(&c, in, 1)
			in, since = in[used:], since+used
			if bad != none && whole == 0 {
				got.bad = bad
				return got
			}
			if whole > 0 {
				c.answered += uint64(whole)
				if b, ok := w.(*bulk); ok { // it takes several at once
					got.whole, since = append(got.whole, slices.Repeat([]int{b.size}, whole)...), 0
					continue
				}
				got.whole, since = append(got.whole, since), 0
				got.last = got.last || c.last
				if bad != none {
					got.bad = bad
				}
			}
			if used == 0 && whole == 0 {
				panic("nothing was used")
			}
		}
		at = end
	}
	return got
}

// all stands for the length of the whole text.
const all = -1

var httpAnswers = map[string]taken{
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello":                                              {whole: []int{all}},
	"HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\nHTTP/1.1 204 No\r\n\r\n":                             {whole: []int{37, 19}},
	"HTTP/1.1 304 Not\r\nContent-Length: 5\r\n\r\n":                                                  {whole: []int{all}},
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx":                     {whole: []int{all}},
	"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno":                                                 {whole: []int{all}, bad: status4xx},
	"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n":                                                   {whole: []int{all}, bad: status5xx},
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n":                   {whole: []int{all}},
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA;x=1f\r\n0123456789\r\n0\r\nT: x\r\n\r\n": {whole: []int{all}},
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\nh\r\n0\r\n\r\n":  {whole: []int{all}},
	"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx":                             {whole: []int{all}, last: true},
	"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx":                                                  {whole: []int{all}, last: true},
	"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx":                        {whole: []int{all}},
	"HTTP/1.1 200 OK\r\nConnection: Close , TE\r\nContent-Length: 0\r\n\r\n":                         {whole: []int{all}, last: true},
	"HTTP/1.1 200 OK\r\nConnection: TE\r\nConnection: close\r\nContent-Length:0\r\n\r\n":             {whole: []int{all}, last: true},
	"HTTP/1.1 200 OK\r\nConnection: closely\r\nContent-Length: 1\r\n\r\nx":                           {whole: []int{all}},
	"HTTP/1.0 200 OK\r\nConnection: TE, keep-alive\r\nContent-Length: 1\r\n\r\nx":                    {whole: []int{all}},
	"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx":                             {whole: []int{all}},
	"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx":                            {bad: malformed},
	"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nxx":                                                {bad: malformed},
	"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nxx":                                                {bad: malformed},
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n":                                         {bad: malformed},
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n":                     {bad: malformed},
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\rX0\r\n\r\n":                    {bad: malformed},
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n\r\n\r\n":                    {bad: malformed},
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n":                                  {bad: malformed},
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\n\r\n":                                {bad: malformed},
	"HTTP/1.1 200 OK\r\n\r\nuntil the end":                                                           {},
	"SSH-2.0-OpenSSH_9.6\r\n\r\n":                                                                    {bad: malformed},
	"HTTP/1.1 2x0 OK\r\n\r\n":                                                                        {bad: malformed},
	"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n":                                                  {bad: malformed},
	"HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n":                                                  {bad: malformed},
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n":                                    {bad: malformed},
}

// An answer is the same wherever the network cuts it.
func TestAnAnswerMayArriveInAnyParts(t *testing.T) {
	t.Parallel()
	for protocol, cases := range map[Protocol]map[string]taken{
		HTTP: httpAnswers,
		Line: {"a\nbb\n\nccc": {whole: []int{2, 3, 1}}},
		Frame: {
			"\x00\x00\x00\x02hi\x00\x00\x00\x00\x00\x00\x00\x01x": {whole: []int{6, 4, 5}},
			"\xff\xff\xff\xffhi": {bad: malformed},
		},
		Receive: {"abcdefg": {whole: []int{3, 3}}},
	} {
		for text, want := range cases {
			if len(want.whole) == 1 && want.whole[0] == all {
				want.whole = []int{len(text)}
			}
		cuts:
			for first := range len(text) {
				for second := first; second < len(text); second++ {
					w := newWire(&Options{Protocol: protocol, Size: 3, Path: "/"})
					if got := takeAll(w, text, first, second); fmt.Sprint(got) != fmt.Sprint(want) {
						t.Errorf("%s %q, cut at %d and %d: got %v, want %v", protocol, text, first, second, got, want)
						break cuts
					}
				}
			}
		}
	}
}

func TestWhatIsExpectedIsLookedForInTheBody(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]kind{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello":                                     none,
		"HTTP/1.1 200 OK\r\nX: ell\r\nContent-Length: 5\r\n\r\nworld":                           wrongAnswer,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n": none,
	} {
		for cut := range len(text) {
			w := newWire(&Options{Protocol: HTTP, Expect: []byte("ell"), Path: "/"})
			if got := takeAll(w, text, cut); got.bad != want || len(got.whole) != 1 {
				t.Errorf("%q cut at %d: %v", text, cut, got)
			}
		}
	}
}

// However long an answer is, and wherever it is cut, what it must contain is found.
func TestWhatIsExpectedIsFoundInALongAnswer(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("EN ", 1<<20)
	for _, test := range []struct {
		protocol     Protocol
		before, body string
		after        string
	}{
		{HTTP, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(long)+3), long, ""},
		{Line, "", long, "\n"},
		{Frame, string(binary.BigEndian.AppendUint32(nil, uint32(len(long)+3))), long, ""},
	} {
		for end, want := range map[string]kind{"END": none, "EN ": wrongAnswer, "ENE": wrongAnswer} {
			text := test.before + test.body + end + test.after
			for n := range 6 {
				w := newWire(&Options{Protocol: test.protocol, Expect: []byte("END"), Path: "/"})
				got := takeAll(w, text, len(test.before), 1<<20, len(text)-n-1, len(text)-n)
				if got.bad != want || len(got.whole) != 1 {
					t.Errorf("%s, which ends with %q, cut before the last %d: %v", test.protocol, end, n, got)
				}
			}
		}
	}
}

func TestNoTwoMessagesAreTheSame(t *testing.T) {
	t.Parallel()
	w := newRaw(64)
	seen := map[string]bool{}
	for id := range 3 {
		for n := range uint64(3) {
			seen[string(w.ask(nil, &conn{id: id}, n, 1))] = true
		}
	}
	if len(seen) != 9 {
		t.Errorf("%d are different", len(seen))
	}
	c := conn{id: 1, asked: 2, answered: 1}
	if _, _, bad := w.take(&c, w.ask(nil, &conn{id: 1}, 0, 1), 1); bad != wrongAnswer {
		t.Errorf("an answer to an earlier message is %v", bad)
	}
}

func TestPayloadsHaveTheNumbersOfTheirRequest(t *testing.T) {
	t.Parallel()
	c := &conn{id: 7}
	for _, test := range []struct {
		protocol Protocol
		want     string
	}{
		{Line, "SET 7 12 x\n"},
		{Frame, "\x00\x00\x00\x0aSET 7 12 x"},
		{HTTP, "POST /p HTTP/1.1\r\nHost: h\r\nUser-Agent: tcptune\r\nAccept: */*\r\nContent-Length: 27\r\n\r\nSET 0000000007 0000000012 x"},
	} {
		w := newWire(&Options{Protocol: test.protocol, Payload: []byte("SET {{conn}} {{n}} x"), Path: "/p", Host: "h"})
		if got := string(w.ask(nil, c, 12, 1)); got != test.want {
			t.Errorf("%s: %q", test.protocol, got)
		}
	}
	w := newWire(&Options{Protocol: Line, Payload: []byte("a\nb\r\n")})
	if got := string(w.ask(nil, c, 12, 1)); got != "a b\n" || strings.Count(got, "\n") != 1 {
		t.Errorf("a line is %q", got)
	}
}

func FuzzHTTPAnswer(f *testing.F) {
	for text := range httpAnswers {
		f.Add(text, 3)
	}
	f.Fuzz(func(t *testing.T, text string, cut int) {
		if cut < 0 || cut > len(text) {
			return
		}
		whole := takeAll(newWire(&Options{Protocol: HTTP, Path: "/"}), text)
		parts := takeAll(newWire(&Options{Protocol: HTTP, Path: "/"}), text, cut)
		if fmt.Sprint(whole) != fmt.Sprint(parts) {
			t.Errorf("%q: %v, cut at %d %v", text, whole, cut, parts)
		}
	})
}

// TestRawTakesAnswersHoweverTheyAreCut feeds a stream in pieces of any size, with or without a byte that is wrong, and holds
// that each message before it is taken, and none from it on.
func TestRawTakesAnswersHoweverTheyAreCut(t *testing.T) {
	for range 2000 {
		size, many := 1+rand.IntN(100), 1+rand.IntN(400)
		c := conn{id: rand.IntN(1 << 20)}
		stream := newRaw(size).ask(nil, &c, 0, many)
		if len(stream) != size*many {
			t.Fatalf("%d messages of %d bytes have %d", many, size, len(stream))
		}
		wrong := len(stream)
		if rand.IntN(2) == 0 {
			wrong = rand.IntN(len(stream))
			stream[wrong] ^= 1
		}
		w, whole, said := newRaw(size), 0, none
		for at := 0; at < len(stream) && said == none; {
			piece := stream[at:min(len(stream), at+1+rand.IntN(3*size))]
			at += len(piece)
			for len(piece) > 0 && said == none {
				used, n, bad := w.take(&c, piece, many-whole)
				piece, whole, said = piece[used:], whole+n, bad
				c.answered += uint64(n)
			}
		}
		if want := wrong / size; whole != want || (said == wrongAnswer) != (wrong < len(stream)) {
			t.Fatalf("%d messages of %d bytes, byte %d is wrong: %d are taken, and then %q", many, size, wrong, whole, said)
		}
	}
}

// TestAnAnswerToAnotherRequestIsWrong has a service that is one behind: its answers are answers, to somebody else.
func TestAnAnswerToAnotherRequestIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behind bool
		good   bool
	}{"each to its own": {false, true}, "one behind": {true, false}} {
		last := make(chan string, 1)
		o := plain(serve(t, answering(func(line string) string {
			if !c.behind {
				return line
			}
			select {
			case before := <-last:
				last <- line
				return before
			default:
				last <- line
				return line
			}
		})))
		o.Protocol, o.Conns, o.Count, o.Duration = Line, 1, 10, time.Minute
		o.Payload, o.Expect = []byte("request {{n}} of {{conn}};"), []byte("request {{n}} of 0;")
		b, err := Run(ctx(t), o, nil)
		want := map[bool]uint64{true: 10, false: 1}[c.good]
		if err != nil || b.Requests.Answered != want || b.Errors["wrong-answer"] != 10-want {
			t.Errorf("%s: %v, %+v, %v", name, err, b.Requests, b.Errors)
		}
	}
}

func TestASourceThatIsNotOursIsNamed(t *testing.T) {
	t.Parallel()
	o := plain(serve(t, echo))
	o.Sources = []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	b, err := Run(ctx(t), o, nil)
	if !report.Is(err, CodeNoConnection) || !strings.Contains(err.Error(), "no-such-source") || b.Connections.Failed["no-such-source"] == 0 {
		t.Errorf("%v, %+v", err, b.Connections)
	}
}
