package service

import (
	_ "embed"
	"fmt"

	"github.com/goccy/go-yaml"
)

// oldest is the oldest systemd that units can be rendered for.
const oldest = 247

//go:embed since.yaml
var sinceYAML []byte

// since maps "Key=" or "Key=value" to the release of systemd that first knows it.
type since map[string]int

func readSince() (since, error) {
	table := since{}
	return table, yaml.UnmarshalWithOptions(sinceYAML, &table, yaml.Strict())
}

// knows returns the question that the templates ask: whether a release knows a key. A key that is not in the table is an
// error, so that nobody guards a line with a misspelt one.
func (s since) knows(systemd int) func(string) (bool, error) {
	return func(key string) (bool, error) {
		first, found := s[key]
		if !found {
			return false, fmt.Errorf("since.yaml has no %q", key)
		}
		return systemd >= first, nil
	}
}
