package main

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// trace is what a request says of the trace that it belongs to, https://www.w3.org/TR/trace-context/. The server takes
// no part in a trace: it makes no spans, so what it passes on is what came. The zero is none, or a malformed one.
type trace struct{ parent, state string }

const (
	traceparentLength = 55 // of version 00: VERSION-TRACE_ID-PARENT_ID-FLAGS
	knownFlags        = 3  // sampled, random-trace-id; the others are reserved, and passed on as zero
	tracestateMembers = 32
	tracestateLength  = 512 // what has to be passed on; of a longer one the members longer than 128 go first, then the last
	longMember        = 128
)

func traceOf(h http.Header) trace {
	lines := h.Values("Traceparent")
	if len(lines) != 1 {
		return trace{}
	}
	t := trace{parent: traceparent(lines[0])}
	if t.parent != "" {
		t.state = tracestate(strings.Join(h.Values("Tracestate"), ","))
	}
	return t
}

// traceOfJSON is that of a message that is a JSON object with traceparent in it.
func traceOfJSON(message []byte) trace {
	var of struct {
		Traceparent string `json:"traceparent"`
	}
	if len(message) == 0 || message[0] != '{' || json.Unmarshal(message, &of) != nil {
		return trace{}
	}
	return trace{parent: traceparent(of.Traceparent)}
}

// id is the trace-id, "" where there is none.
func (t trace) id() string {
	if t.parent == "" {
		return ""
	}
	return t.parent[3:35]
}

// traceparent is s as version 00 says it, the highest that is known here; "" where it is malformed. What a later
// version has behind its flags is not passed on.
func traceparent(s string) string {
	if len(s) < traceparentLength || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return ""
	}
	version, id, parent, flags := s[:2], s[3:35], s[36:52], s[53:55]
	rest := s[traceparentLength:]
	switch {
	case !lowerHex(version) || !lowerHex(id) || !lowerHex(parent) || !lowerHex(flags), version == "ff",
		version == "00" && rest != "", rest != "" && rest[0] != '-',
		strings.Trim(id, "0") == "", strings.Trim(parent, "0") == "":
		return ""
	}
	bits, _ := hex.DecodeString(flags)
	return "00-" + id + "-" + parent + "-" + hex.EncodeToString([]byte{bits[0] & knownFlags})
}

func lowerHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// tracestate is the list s as it is passed on, "" where any of it is malformed.
func tracestate(s string) string {
	var members, keys []string
	length := -1
	for m := range strings.SplitSeq(s, ",") {
		m = strings.Trim(m, " \t")
		if m == "" {
			continue
		}
		key, value, _ := strings.Cut(m, "=")
		if len(members) == tracestateMembers || !stateKey(key) || !stateValue(value) || slices.Contains(keys, key) {
			return ""
		}
		members, keys = append(members, m), append(keys, key)
		length += len(m) + 1
	}
	for length > tracestateLength {
		i := slices.IndexFunc(members, func(m string) bool { return len(m) > longMember })
		if i < 0 {
			i = len(members) - 1
		}
		length -= len(members[i]) + 1
		members = slices.Delete(members, i, i+1)
	}
	return strings.Join(members, ",")
}

// stateKey tells whether s is a simple-key, or TENANT@SYSTEM.
func stateKey(s string) bool {
	const letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	word := func(s, first string, most int) bool {
		return s != "" && len(s) <= most && strings.Contains(first, s[:1]) && strings.Trim(s, letters+digits+"_-*/") == ""
	}
	if tenant, system, multi := strings.Cut(s, "@"); multi {
		return word(tenant, letters+digits, 241) && word(system, letters, 14)
	}
	return word(s, letters, 256)
}

// stateValue tells whether s is printable ASCII that holds no "=" and ends in no space.
func stateValue(s string) bool {
	bad := func(r rune) bool { return r < ' ' || r > '~' || r == '=' }
	return s != "" && len(s) <= 256 && !strings.HasSuffix(s, " ") && !strings.ContainsFunc(s, bad)
}
