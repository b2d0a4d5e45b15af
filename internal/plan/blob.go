package plan

import (
	"encoding/json"
	"unicode/utf8"
)

// blob is a value in the journal. JSON strings are Unicode, and encoding/json silently replaces what is not; a file
// that must come back byte for byte may hold anything, so such bytes are kept as {"base64": "…"}.
type blob string

type base64Blob struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON implements [json.Marshaler].
func (b blob) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(b)) {
		return json.Marshal(string(b))
	}
	return json.Marshal(base64Blob{[]byte(b)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (b *blob) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		var enc base64Blob
		if err := strictJSON(data, &enc); err != nil {
			return err
		}
		*b = blob(enc.Base64)
		return nil
	}
	return json.Unmarshal(data, (*string)(b))
}
