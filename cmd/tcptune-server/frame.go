package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tcptune/tcptune/server"
)

// frameHeader is the size of the length before each frame: 4 bytes, big-endian, of the payload alone.
const frameHeader = 4

// frame answers each frame with a frame. A payload that is a JSON object with an "op" is a question:
//
//	{"op":"echo","data":ANY}  {"op":"time"}  {"op":"stats"}
//
// and is answered in JSON; any other payload is sent back.
type frame struct {
	max   int        // bytes of a payload
	stats func() any // what "stats" is answered with, as JSON; nil: it is not known
}

// Handle answers the whole frames at the beginning of in. A longer one than max is answered with an error in JSON, and
// ends the connection with [server.ErrTooLong].
func (f frame) Handle(out, in []byte) (server.Step, error) {
	step := server.Step{Out: out}
	for len(step.Out) < server.OutputChunk {
		rest := in[step.Consumed:]
		if len(rest) < frameHeader {
			return step, nil
		}
		size := uint64(binary.BigEndian.Uint32(rest))
		if size > uint64(max(f.max, 0)) {
			step.Out = appendFrame(step.Out, f.bounded(failure(fmt.Sprintf("frame of %d bytes is longer than %d", size, f.max))))
			return step, server.ErrTooLong
		}
		whole := frameHeader + int(size)
		if len(rest) < whole {
			return step, nil
		}
		step.Out = appendFrame(step.Out, f.bounded(f.answer(rest[frameHeader:whole])))
		step.Consumed += whole
		step.Messages++
	}
	return step, nil
}

// appendFrame appends a frame with the payload to b.
func appendFrame(b, payload []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(payload))), payload...)
}

// Refusal is a frame for a client that is not served.
func (frame) Refusal() []byte { return appendFrame(nil, failure("busy")) }

func (f frame) answer(payload []byte) []byte {
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
	case op == "stats" && f.stats != nil:
		return answerJSON("stats", f.stats())
	default:
		return failure(fmt.Sprintf("unknown op %.100q", op))
	}
}

// bounded is an answer, or what says that it would be longer than a frame may be, as shortly as need be.
func (f frame) bounded(payload []byte) []byte {
	if len(payload) <= f.max { // nothing is made up for the many that fit
		return payload
	}
	for _, b := range [][]byte{failure("the answer is too long"), []byte("{}")} {
		if len(b) <= f.max {
			return b
		}
	}
	return nil
}

// answerJSON leaves <, > and & as they are: escaped for HTML they take six times the room.
func answerJSON(name string, value any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(map[string]any{"ok": true, name: value}); err != nil {
		return failure(err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func failure(text string) []byte {
	b, _ := json.Marshal(map[string]any{"ok": false, "error": text}) // of a string and a bool: it cannot fail
	return b
}
