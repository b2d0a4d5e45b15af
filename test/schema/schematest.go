// Package schematest holds a document against the published schema of the JSON envelope. Every test that has a --json
// output in hand calls Validate; production code never does.
package schematest

import (
	"bytes"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tcptune/tcptune/docs/schema"
)

// Validate fails t unless doc is exactly one JSON document that follows tcptune/v1.
func Validate(t testing.TB, doc []byte) {
	t.Helper()
	if err := Check(doc); err != nil {
		t.Errorf("not a tcptune/v1 document: %v\n%s", err, doc)
	}
}

// Check returns nil when doc is exactly one JSON document that follows tcptune/v1, otherwise where it does not.
func Check(doc []byte) error {
	sch, err := compile()
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	return sch.Validate(v)
}

var compile = sync.OnceValues(func() (*jsonschema.Schema, error) {
	const name = "tcptune-v1.json"
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.V1))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, v); err != nil {
		return nil, err
	}
	return c.Compile(name)
})
