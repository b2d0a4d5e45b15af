package sysctl

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// ProfileFile is the text of one profile, each word with its place, before anything is made of it.
type ProfileFile struct {
	File    string         `yaml:"-"` // the path, or "profiles/NAME.yaml" for a built-in one
	Name    Located        `yaml:"name"`
	Summary Located        `yaml:"summary"`
	Extends Located        `yaml:"extends"`
	Path    ProfilePath    `yaml:"path"`
	Drop    []Located      `yaml:"drop"` // keys of the parent that this profile does not want
	Keys    []ProfileEntry `yaml:"keys"`
}

// ProfilePath is the network path that a profile's computed values are meant for.
type ProfilePath struct {
	Bandwidth Located `yaml:"bandwidth"`
	RTT       Located `yaml:"rtt"`
}

// ProfileEntry is one item under "keys:".
type ProfileEntry struct {
	Key      Located `yaml:"key"`
	Value    Located `yaml:"value"`
	Mode     Located `yaml:"mode"`
	Required bool    `yaml:"required"`
	Why      Located `yaml:"why"`
}

// Located is a scalar of a YAML file as it was written, and its place. Line 0 means that it is not there.
type Located struct {
	Text         string
	Line, Column int
}

// UnmarshalYAML takes any scalar as text, so that 0x403 and 4096 131072 16777216 need no quotes and are judged by the
// catalogue instead of by the types of YAML.
func (l *Located) UnmarshalYAML(node ast.Node) error {
	at := node.GetToken().Position
	l.Line, l.Column = at.Line, at.Column
	switch n := node.(type) {
	case *ast.LiteralNode:
		l.Text = strings.TrimSpace(n.Value.Value)
	case *ast.StringNode:
		l.Text = strings.TrimSpace(n.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		l.Text = node.GetToken().Value
	default:
		return errorAtNode(node, "want one plain value here")
	}
	return nil
}

// ProfileError is a mistake in a profile, with its place.
type ProfileError struct {
	File         string
	Line, Column int
	Message      string
}

// Error is "file:line:column: message".
func (e *ProfileError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

func (f ProfileFile) errorAt(at Located, format string, args ...any) error {
	return &ProfileError{File: f.File, Line: max(at.Line, 1), Column: max(at.Column, 1), Message: fmt.Sprintf(format, args...)}
}

// Origin is "built in" or the path of the file.
func (f ProfileFile) Origin() string {
	if path.IsAbs(f.File) {
		return f.File
	}
	return builtIn
}

// ParseProfile reads the text of a profile strictly: unknown and repeated fields, a second document and a name other
// than that of the file are [ProfileError]s.
func ParseProfile(data []byte, file string) (ProfileFile, error) {
	f := ProfileFile{File: file}
	body, err := parsePlain(data)
	if err != nil {
		return ProfileFile{}, locate(err, file)
	}
	if err := yaml.NodeToValue(body, &f, yaml.Strict()); err != nil {
		return ProfileFile{}, locate(err, file)
	}
	want := strings.TrimSuffix(path.Base(file), ".yaml")
	switch {
	case f.Name.Text != want:
		return ProfileFile{}, f.errorAt(f.Name, "want \"name: %s\", the name of the file", want)
	case f.Summary.Text == "":
		return ProfileFile{}, f.errorAt(f.Name, "profile %s has no summary", want)
	case len(f.Keys) == 0 && f.Extends.Text == "":
		return ProfileFile{}, f.errorAt(f.Name, "profile %s has no keys", want)
	}
	return f, nil
}

// parsePlain parses data, one document of mappings, lists and values. Anchors, aliases, merges and tags are refused: a
// profile is to be read at a glance, and the decoder has crashed on a tag in the wrong place.
func parsePlain(data []byte) (ast.Node, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, err
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType:
		case body != nil:
			return nil, errorAtNode(doc.Body, "want one document, without a second one behind ---")
		default:
			body = doc.Body
		}
	}
	if body == nil {
		return nil, &ProfileError{Line: 1, Column: 1, Message: "the file is empty"}
	}
	fancy := ast.FilterFile(ast.AnchorType, file)
	for _, kind := range []ast.NodeType{ast.AliasType, ast.MergeKeyType, ast.TagType} {
		fancy = append(fancy, ast.FilterFile(kind, file)...)
	}
	if len(fancy) > 0 {
		return nil, errorAtNode(fancy[0], "want plain YAML, without anchors, aliases, merges and tags")
	}
	return body, nil
}

func errorAtNode(n ast.Node, message string) error {
	at := n.GetToken().Position
	return &ProfileError{Line: at.Line, Column: at.Column, Message: message}
}

// locate turns an error of the YAML decoder into one of ours.
func locate(err error, file string) error {
	out := &ProfileError{File: file, Line: 1, Column: 1, Message: err.Error()}
	var ours *ProfileError
	var theirs yaml.Error
	switch {
	case errors.As(err, &ours):
		out.Line, out.Column, out.Message = ours.Line, ours.Column, ours.Message
	case errors.As(err, &theirs):
		out.Message = inWords(theirs)
		if t := theirs.GetToken(); t != nil && t.Position != nil {
			out.Line, out.Column = t.Position.Line, t.Position.Column
		}
	}
	return out
}

// inWords is the message of err without the Go types that the decoder speaks of.
func inWords(err yaml.Error) string {
	var mismatch *yaml.TypeError
	var unexpected *yaml.UnexpectedNodeTypeError
	switch {
	case errors.As(err, &mismatch) && mismatch.DstType.Kind() == reflect.Bool:
		return "want true or false here"
	case errors.As(err, &mismatch), errors.As(err, &unexpected):
		return "this is not the form of a profile: see tcptune profile show server"
	}
	return err.GetMessage()
}

// path reads the network path, zero where none is given.
func (f ProfileFile) path() (bandwidth int64, rtt time.Duration, err error) {
	if f.Path.Bandwidth.Text != "" {
		if bandwidth, err = ParseBandwidth(f.Path.Bandwidth.Text); err != nil {
			return 0, 0, f.errorAt(f.Path.Bandwidth, "%v", err)
		}
	}
	if f.Path.RTT.Text != "" {
		if rtt, err = ParseRTT(f.Path.RTT.Text); err != nil {
			return 0, 0, f.errorAt(f.Path.RTT, "%v", err)
		}
	}
	return bandwidth, rtt, nil
}

// keys checks the entries of f and lays them over those of the parent. The result is in catalogue order.
func (f ProfileFile) keys(cat *Catalogue, parent []ProfileKey) ([]ProfileKey, error) {
	wanted := map[string]ProfileKey{}
	for _, k := range parent {
		wanted[k.Key] = k
	}
	for _, d := range f.Drop {
		k, err := cat.Lookup(d.Text)
		if err != nil {
			return nil, f.errorAt(d, "%v", err)
		}
		if _, there := wanted[k.Name]; !there {
			return nil, f.errorAt(d, "cannot drop %s: profile %q does not set it", k.Name, f.Extends.Text)
		}
		delete(wanted, k.Name)
	}
	own := map[string]int{}
	for _, e := range f.Keys {
		k, err := f.entry(cat, e)
		if err != nil {
			return nil, err
		}
		if line, twice := own[k.Key]; twice {
			return nil, f.errorAt(e.Key, "%s is set twice, first in line %d", k.Key, line)
		}
		own[k.Key] = e.Key.Line
		wanted[k.Key] = k
	}
	var keys []ProfileKey
	for _, k := range cat.Keys() {
		if w, ok := wanted[k.Name]; ok {
			keys = append(keys, w)
		}
	}
	return keys, nil
}

func (f ProfileFile) entry(cat *Catalogue, e ProfileEntry) (ProfileKey, error) {
	fail := func(at Located, format string, args ...any) (ProfileKey, error) {
		return ProfileKey{}, f.errorAt(at, format, args...)
	}
	if e.Key.Text == "" {
		return fail(f.Name, "an item under keys has no key")
	}
	key, err := cat.Lookup(e.Key.Text)
	if err != nil {
		return fail(e.Key, "%v", err)
	}
	if e.Value.Line == 0 {
		return fail(e.Key, "%s has no value", key.Name)
	}
	// The largest sizes that Size ever gives stand in for the computed ones here.
	if err := key.Validate(placeholders(largestBuffer, largestBuffer).Replace(e.Value.Text)); err != nil {
		return fail(e.Value, "%v", err)
	}
	if modes := key.Modes(); !slices.Contains(modes, Mode(e.Mode.Text)) {
		at := e.Mode
		if at.Line == 0 {
			at = e.Key
		}
		return fail(at, "mode of %s must be %s, not %q", key.Name, joinModes(modes), e.Mode.Text)
	}
	if e.Why.Text == "" {
		return fail(e.Key, "%s has no why: say what the value is for", key.Name)
	}
	value := e.Value.Text
	if !strings.Contains(value, "$") {
		value = key.Normal(value)
	}
	return ProfileKey{
		Key: key.Name, Value: value, Mode: Mode(e.Mode.Text), Required: e.Required, Why: e.Why.Text,
		Source: fmt.Sprintf("%s:%d", f.File, e.Key.Line),
	}, nil
}

// Modes are the modes that make sense for k: there is no more or less of a word or a switch, and only lists and bitmaps
// can be united.
func (k Key) Modes() []Mode {
	switch k.Kind {
	case Ports, Bitmap:
		return []Mode{UnionMode, ExactMode}
	case Int, Vector:
		if slices.ContainsFunc(k.Fields, func(f Field) bool { return f.Rule != Exact }) {
			return []Mode{Raise, ExactMode}
		}
	case Word, Bool:
	}
	return []Mode{ExactMode}
}

func joinModes(modes []Mode) string {
	words := make([]string, len(modes))
	for i, m := range modes {
		words[i] = string(m)
	}
	return strings.Join(words, " or ")
}
