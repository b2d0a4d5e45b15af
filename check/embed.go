package check

import _ "embed"

//go:embed support.yaml
var supportYAML []byte
