package catalogue

import (
	"fmt"
	"strings"
	"unicode"
)

// Entry is the entry of a key, or what [Catalogue.About] knows of it: of a key that the catalogue does not have no range is
// known, nor what the kernel makes of its values.
func (c *Catalogue) Entry(name string) Key {
	k, err := c.Lookup(name)
	if err != nil {
		k, _ = c.About(Dotted(strings.TrimSpace(name)))
	}
	return k
}

// Ranged reports whether the catalogue says which values k can have.
func (k Key) Ranged() bool { return k.Kind != "" }

// NoRange is what is to be said of a value that nothing checks.
const NoRange = "no range is known of this key: the kernel takes, or refuses, what the line says"

// OutsideAllowed reports whether a key that the catalogue does not have may stand in a profile: it is one of the network
// or of files, and named in full.
func OutsideAllowed(name string) bool {
	odd := func(r rune) bool { return r <= ' ' || r > unicode.MaxASCII || strings.ContainsRune(`*?[]{}=#;"'\`, r) }
	return (strings.HasPrefix(name, "net.") || strings.HasPrefix(name, "fs.")) && !strings.HasSuffix(name, ".") &&
		!strings.Contains(name, "..") && strings.IndexFunc(name, odd) < 0
}

// validateAny says what no key can have, of whose values nothing else is known.
func validateAny(name, value string) error {
	switch {
	case strings.TrimSpace(value) == "":
		return fmt.Errorf("%s has no value", name)
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }):
		return fmt.Errorf("%s must not hold control characters", name)
	case len(value) > 1<<10:
		return fmt.Errorf("the value of %s is longer than 1 KiB", name)
	}
	return nil
}
