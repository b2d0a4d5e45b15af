package server

import (
	"encoding/binary"
	"io"
	"strings"
	"testing"
)

func TestTooLongAMessageIsToldSoBeforeItsConnectionEnds(t *testing.T) {
	t.Parallel()
	header := func(size uint32) string { return string(binary.BigEndian.AppendUint32(nil, size)) }
	tooLong := framed(frameTooLong)
	for _, tt := range []struct {
		name          string
		handler       MessageHandler
		before, after string // a message of the longest size, and its answer
		long, told    string
	}{
		{
			"line",
			line{100},
			strings.Repeat("x", 100) + "\n", "echo: " + strings.Repeat("x", 100) + "\n",
			strings.Repeat("x", 101) + "\n", "error: line is too long\n",
		},
		{
			"line of CR LF",
			line{100},
			strings.Repeat("x", 100) + "\r\n", "echo: " + strings.Repeat("x", 100) + "\n",
			strings.Repeat("x", 101) + "\r\n", "error: line is too long\n",
		},
		{"line without an end", line{100}, "\n", "echo: \n", strings.Repeat("x", 1000), "error: line is too long\n"},
		{"more than a kernel buffer", line{100}, "\n", "echo: \n", strings.Repeat("x", 2<<20), "error: line is too long\n"},
		{
			"frame",
			frame{100},
			header(100) + strings.Repeat("x", 100), header(100) + strings.Repeat("x", 100),
			header(101) + strings.Repeat("x", 101), tooLong,
		},
		{"frame that only says so", frame{100}, header(0), header(0), header(101), tooLong},
		{
			"stream",
			nil,
			strings.Repeat("x", 99) + "\n", "echo: " + strings.Repeat("x", 99) + "\n",
			strings.Repeat("x", 100) + "\n", "error: line is too long\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config := Config{Handler: Messages(tt.handler)}
			if tt.handler == nil {
				config.Handler = streamFunc(streamedLines)
			}
			r := open(t, config)
			c := r.dial()
			c.say(tt.before)
			c.hears(tt.after)
			c.say(tt.long)
			c.ends(tt.told)
			r.ended(TooLong, 1)
		})
	}
}

func TestTheLargestFrameThereIsCostsNoMemoryBeforeItComes(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Handler: Messages(frame{1<<32 - 1})})
	c := r.dial()
	c.say("\xff\xff\xff\xff and some more")
	r.until("it was read", func(st Stats) bool { return st.BytesIn == 18 })
	_ = c.Close()
	r.ended(ClientClosed, 1)
}

func TestAClientThatHalfClosesStillGetsItsAnswer(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	c := r.dial()
	c.say(strings.Repeat("x\n", 10_000))
	if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.ends(strings.Repeat("echo: x\n", 10_000))
	r.ended(ClientClosed, 1)
}

func TestMessagesOfEachSizeOfBuffers(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Handler: Messages(frame{8 << 20})})
	c := r.dial()
	for _, size := range bufferSizes() {
		for _, n := range []int{size - frameHeader - 1, size - frameHeader, size - frameHeader + 1, 2 * size, 2*size + 1} {
			frame := framed(strings.Repeat("x", n-1) + "!")
			go func() { _, _ = io.WriteString(c, frame) }()
			c.hears(frame)
		}
	}
	c.close()
	r.ended(ClientClosed, 1)
	r.until("all is given back", func(st Stats) bool { return st.Messages == 20 && st.OutputBytes == 0 })
}

func TestManyMessagesAtOnceAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	var questions, answers strings.Builder
	for i := range 100_000 {
		text := strings.Repeat(string(rune('a'+i%26)), i%60)
		questions.WriteString(text + "\n")
		answers.WriteString("echo: " + text + "\n")
	}
	r := open(t, Config{})
	c := r.dial()
	go func() { _, _ = io.WriteString(c, questions.String()) }()
	c.hears(answers.String())
	c.close()
	st := r.until("it has ended", func(st Stats) bool { return st.Ended[ClientClosed] == 1 })
	if st.Messages != 100_000 || st.BytesIn != uint64(questions.Len()) || st.BytesOut != uint64(answers.Len()) {
		t.Errorf("messages %d, in %d, out %d", st.Messages, st.BytesIn, st.BytesOut)
	}
}
