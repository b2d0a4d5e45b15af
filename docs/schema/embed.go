// Package schema is the published shape of the JSON envelope, for the programs that read it and for our tests.
package schema

import _ "embed"

// V1 is the JSON Schema (2020-12) of the document whose "schema" is "tcptune/v1".
//
//go:embed tcptune-v1.json
var V1 []byte
