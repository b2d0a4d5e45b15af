package service

import (
	"encoding/pem"
	"testing"
)

func TestTheCertificateOfAFileIsItsFirstOne(t *testing.T) {
	t.Parallel()
	block := func(kind, text string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte(text)}))
	}
	key, leaf, chain := block("PRIVATE KEY", "key"), block("CERTIFICATE", "leaf"), block("CERTIFICATE", "chain")
	for name, tc := range map[string][2]string{
		"alone":              {leaf, "leaf"},
		"with its chain":     {leaf + chain, "leaf"},
		"its key before it":  {key + leaf + chain, "leaf"},
		"its key behind it":  {leaf + key, "leaf"},
		"a key, and nothing": {key, ""},
		"no PEM":             {"x", ""},
	} {
		if got := string(firstCertificate([]byte(tc[0]))); got != tc[1] {
			t.Errorf("%s: %q", name, got)
		}
	}
}
