package server

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"
)

// FrameHeader is the size of the length before each frame: 4 bytes, big-endian, of the payload alone.
const FrameHeader = 4

// Frame answers each frame with a frame. A payload that is a JSON object with an "op" is a question:
//
//	{"op":"echo","data":ANY}  {"op":"time"}  {"op":"stats"}
//
// and is answered in JSON; any other payload is sent back.
type Frame struct {
	Max   int        // bytes of a payload
	Stats func() any // what "stats" is answered with, as JSON; nil: it is not known
}

// Handle answers the whole frames at the beginning of in. A longer one than Max is answered with an error in JSON, and
// ends the connection with [ErrTooLong].
func (f Frame) Handle(out, in []byte) (Step, error) {
	step := Step{Out: out}
	for len(step.Out) < OutputChunk {
		rest := in[step.Consumed:]
		if len(rest) < FrameHeader {
			return step, nil
		}
		size := uint64(binary.BigEndian.Uint32(rest))
		if size > uint64(max(f.Max, 0)) {
			step.Out = AppendFrame(step.Out, failure(fmt.Sprintf("frame of %d bytes is longer than %d", size, f.Max)))
			return step, ErrTooLong
		}
		whole := FrameHeader + int(size)
		if len(rest) < whole {
			return step, nil
		}
		step.Out = AppendFrame(step.Out, f.answer(rest[FrameHeader:whole]))
		step.Consumed += whole
		step.Messages++
	}
	return step, nil
}

// AppendFrame appends a frame with the payload to b.
func AppendFrame(b, payload []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(payload))), payload...)
}

// Refusal is a frame for a client that is not served.
func (Frame) Refusal() []byte { return AppendFrame(nil, failure("busy")) }

func (f Frame) answer(payload []byte) []byte {
	if len(payload) == 0 || payload[0] != '{' {
		return payload
	}
	var question struct {
		Op   *string         `json:"op"`
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(payload, &question) != nil || question.Op == nil {
		return payload
	}
	switch op := *question.Op; {
	case op == "echo":
		return answerJSON("data", question.Data)
	case op == "time":
		return answerJSON("time", time.Now().UTC().Format(time.RFC3339Nano))
	case op == "stats" && f.Stats != nil:
		return answerJSON("stats", f.Stats())
	default:
		return failure(fmt.Sprintf("unknown op %q", op))
	}
}

func answerJSON(name string, value any) []byte {
	b, err := json.Marshal(map[string]any{"ok": true, name: value})
	if err != nil {
		return failure(err.Error())
	}
	return b
}

func failure(text string) []byte {
	b, _ := json.Marshal(map[string]any{"ok": false, "error": text}) // of a string and a bool: it cannot fail
	return b
}
