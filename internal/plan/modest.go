package plan

import "fmt"

// maxJSON is how many objects, lists and members a document of ours can have. A journal of every key that tcptune
// knows, ten services and ten toolchains has a tenth of that. An empty object of two bytes becomes a change of two
// hundred.
const maxJSON = 50_000

// modest refuses a document that would take much more memory than it has bytes.
func modest(data []byte) error {
	count, quoted := 0, false
	for at := 0; at < len(data); at++ {
		switch c := data[at]; {
		case c == '\\' && quoted:
			at++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[', c == ',':
			count++
		}
	}
	if count > maxJSON {
		return fmt.Errorf("more than the %d things that it can have", maxJSON)
	}
	return nil
}
