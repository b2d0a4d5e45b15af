package profile

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// PathOf is where the profile called name lives. It fails for what can be no name, and for that of a built-in one.
func PathOf(name string) (string, error) {
	if !validName(name) {
		return "", fmt.Errorf("cannot call a profile %q: a name is up to 64 letters, digits, dots, - and _", name)
	}
	for _, f := range builtInFiles() {
		if f.Name.Text == name {
			return "", fmt.Errorf("cannot call a profile %s: that one is built in", name)
		}
	}
	return pathOf(name), nil
}

// Render is the text of a profile. Equal wishes give equal bytes.
func Render(name, summary string, keys []Wish) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name: %s\nsummary: %s\nkeys:\n", quote(name), quote(summary))
	for _, k := range keys {
		fmt.Fprintf(&b, "  - key: %s\n    value: %s\n    mode: %s\n    why: %s\n", k.Key, quote(k.Value), k.Mode, quote(k.Why))
	}
	return b.String()
}

// quote writes s as YAML and JSON both read it.
func quote(s string) string {
	text, _ := json.Marshal(s) // a string always can be
	return string(text)
}

// Verify reports why the text of a profile would be refused by r when it is loaded, or nil.
func Verify(r Reader, cat *catalogue.Catalogue, name, text string) error {
	f, err := Parse([]byte(text), pathOf(name))
	if err != nil {
		return err
	}
	_, err = f.keys(cat, keysOf(r), nil)
	return err
}
