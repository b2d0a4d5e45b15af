package host

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// OSRelease is the part of os-release(5) that says which system this is.
type OSRelease struct {
	ID              string   // "ubuntu", "debian"; "linux" when the file does not say, the default of os-release(5)
	IDLike          []string // the systems that it is derived from, closest first
	VersionID       string   // "24.04"; "" on rolling systems such as Debian sid
	VersionCodename string   // "noble"
	PrettyName      string   // "Ubuntu 24.04.2 LTS"
}

// OSRelease reads /etc/os-release, or /usr/lib/os-release where the former does not exist.
// When there is neither, the error is fs.ErrNotExist.
func (h Host) OSRelease() (OSRelease, error) {
	data, err := h.ReadFile("/etc/os-release")
	if errors.Is(err, fs.ErrNotExist) {
		data, err = h.ReadFile("/usr/lib/os-release")
	}
	if err != nil {
		return OSRelease{}, fmt.Errorf("cannot read /etc/os-release: %w", Cause(err))
	}
	return ParseOSRelease(data), nil
}

// ParseOSRelease reads the text of an os-release file. As os-release(5) asks of its readers, lines that are not
// assignments, or whose quotes do not match, are passed over, and of two assignments the last one counts.
func ParseOSRelease(data []byte) OSRelease {
	r := OSRelease{ID: "linux", PrettyName: "Linux"}
	for line := range strings.Lines(string(data)) {
		name, raw, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		value, ok := unquote(raw)
		if !ok {
			continue
		}
		switch name {
		case "ID":
			r.ID = value
		case "ID_LIKE":
			r.IDLike = strings.Fields(value)
		case "VERSION_ID":
			r.VersionID = value
		case "VERSION_CODENAME":
			r.VersionCodename = value
		case "PRETTY_NAME":
			r.PrettyName = value
		}
	}
	return r
}

// unquote undoes the shell quoting that os-release(5) allows: one word, bare, in single or in double quotes. Words put
// together from several quoted pieces are not supported by that page either.
func unquote(s string) (string, bool) {
	if strings.HasPrefix(s, "'") {
		inner, ok := strings.CutSuffix(s[1:], "'")
		return inner, ok && !strings.Contains(inner, "'")
	}
	quoted := strings.HasPrefix(s, `"`)
	if quoted {
		s = s[1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			// Inside double quotes a backslash is only special before one of these, as in the shell.
			if quoted && !strings.ContainsRune("\"$`\\", rune(s[i+1])) {
				b.WriteByte(c)
			}
			i++
			b.WriteByte(s[i])
		case c == '"':
			return b.String(), quoted && i == len(s)-1
		case c == '\\', !quoted && strings.ContainsRune("'` \t;&|<>()$", rune(c)):
			return "", false
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), !quoted
}
