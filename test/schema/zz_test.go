package schematest

import (
	"os"
	"path/filepath"
	"testing"
)

func TestZZ(t *testing.T) {
	fs, _ := filepath.Glob("/tmp/zz/*.json")
	for _, f := range fs {
		b, _ := os.ReadFile(f)
		t.Log(f, len(b))
		if err := Check(b); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}
