package check

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/tcptune/tcptune/internal/host"
)

// Level says how far tcptune vouches for a system.
type Level string

// The levels of support, from good to bad.
const (
	LevelSupported   Level = "supported"
	LevelCompatible  Level = "compatible"  // tcptune proceeds, and says so
	LevelUnsupported Level = "unsupported" // tcptune refuses, exit status 5
)

// words says the level, and what compatible means.
func (l Level) words(testedOn string) string {
	if l == LevelCompatible {
		return "compatible: tcptune goes on, but is tested on " + testedOn
	}
	return string(l)
}

// Verdict is the level of a host and the reason in words, for the operator.
type Verdict struct {
	Level  Level
	Reason string
}

// worst returns the lowest level of the verdicts, with the reasons of all that share it.
func worst(verdicts ...Verdict) Verdict {
	for _, level := range []Level{LevelUnsupported, LevelCompatible, LevelSupported} {
		var reasons []string
		for _, v := range verdicts {
			if v.Level == level {
				reasons = append(reasons, v.Reason)
			}
		}
		if len(reasons) > 0 {
			return Verdict{level, strings.Join(reasons, "; ")}
		}
	}
	return Verdict{LevelUnsupported, "nothing is known"}
}

// matrix is support.yaml.
type matrix struct {
	Kernel        string           `yaml:"kernel"`
	Releases      []supportRelease `yaml:"releases"`
	Interim       Level            `yaml:"interim"`
	Architectures map[string]Level `yaml:"architectures"`
}

type supportRelease struct {
	ID      string `yaml:"id"`
	Version string `yaml:"version"`
	Level   Level  `yaml:"level"`
}

func supportMatrix() (matrix, error) {
	m, err := parseMatrix(supportYAML)
	if err != nil {
		return matrix{}, fmt.Errorf("cannot read the support matrix: %w", err)
	}
	return m, nil
}

// parseMatrix decodes strictly: a field that it does not know, or a level that is none, is an error.
func parseMatrix(data []byte) (matrix, error) {
	var m matrix
	if err := yaml.UnmarshalWithOptions(data, &m, yaml.Strict()); err != nil {
		return matrix{}, err
	}
	levels := []Level{m.Interim}
	for _, r := range m.Releases {
		if r.ID == "" || r.Version == "" {
			return matrix{}, fmt.Errorf("release %q %q is not complete", r.ID, r.Version)
		}
		levels = append(levels, r.Level)
	}
	for _, level := range m.Architectures {
		levels = append(levels, level)
	}
	for _, level := range levels {
		if level != LevelSupported && level != LevelCompatible {
			return matrix{}, fmt.Errorf("level %q is neither %s nor %s", level, LevelSupported, LevelCompatible)
		}
	}
	if _, err := host.ParseKernelVersion(m.Kernel); err != nil {
		return matrix{}, fmt.Errorf("kernel %q is no version", m.Kernel)
	}
	return m, nil
}

func (m matrix) release(r host.OSRelease) Verdict {
	for _, known := range m.Releases {
		if known.ID == r.ID && known.Version == r.VersionID {
			return Verdict{known.Level, r.PrettyName + " is " + known.Level.words("Ubuntu")}
		}
	}
	if r.ID == "ubuntu" && isInterim(r.VersionID) && m.newerThanAll(r) {
		return Verdict{m.Interim, r.PrettyName + " is newer than this tcptune, and not yet reviewed"}
	}
	found := fmt.Sprintf("%s (ID=%s VERSION_ID=%s) is not supported", r.PrettyName, r.ID, cmp.Or(r.VersionID, "none"))
	return Verdict{LevelUnsupported, found + "; " + m.known()}
}

func (m matrix) architecture(arch string) Verdict {
	arch = host.DebianArch(arch)
	level, ok := m.Architectures[arch]
	if !ok {
		return Verdict{LevelUnsupported, "architecture " + arch + " is not supported; supported are " + strings.Join(m.architectures(LevelSupported), " and ")}
	}
	return Verdict{level, "architecture " + arch + " is " + level.words(strings.Join(m.architectures(LevelSupported), " and "))}
}

func (m matrix) architectures(level Level) []string {
	var names []string
	for name, l := range m.Architectures {
		if l == level {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// known lists what is in the matrix, for those who are not.
func (m matrix) known() string {
	var b strings.Builder
	for _, level := range []Level{LevelSupported, LevelCompatible} {
		last := ""
		for _, r := range m.Releases {
			switch {
			case r.Level != level:
			case r.ID != last:
				fmt.Fprintf(&b, "%s: %s %s", level, r.ID, r.Version)
				last = r.ID
			default:
				b.WriteString(", " + r.Version)
			}
		}
		if level == LevelSupported {
			b.WriteString("; ")
		}
	}
	return b.String()
}

func (m matrix) newerThanAll(r host.OSRelease) bool {
	for _, known := range m.Releases {
		if known.ID == r.ID && host.CompareReleases(known.Version, r.VersionID) >= 0 {
			return false
		}
	}
	return true
}

// isInterim reports whether a version of Ubuntu is that of a release between two LTS ones: those come every second
// April, 24.04, 26.04, 28.04.
func isInterim(version string) bool {
	year, month, ok := strings.Cut(version, ".")
	n, err := strconv.ParseUint(year, 10, 8)
	return ok && err == nil && (month == "10" || month == "04" && n%2 == 1)
}
