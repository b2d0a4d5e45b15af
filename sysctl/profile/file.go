package profile

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/tcptune/tcptune/internal/report"
)

// File is the text of one profile, each word with its place, before anything is made of it.
type File struct {
	File    string    `yaml:"-"` // the path, or "profiles/NAME.yaml" for a built-in one
	Name    Located   `yaml:"name"`
	Summary Located   `yaml:"summary"`
	Extends Located   `yaml:"extends"`
	Path    FilePath  `yaml:"path"`
	Drop    []Located `yaml:"drop"` // keys of the parent that this profile does not want
	Keys    []Entry   `yaml:"keys"`
}

// FilePath is the network path that a profile's computed values are meant for.
type FilePath struct {
	Bandwidth Located `yaml:"bandwidth"`
	RTT       Located `yaml:"rtt"`
}

// Entry is one item under "keys:".
type Entry struct {
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

// errorAt is "file:line:column: message".
func (f File) errorAt(at Located, format string, args ...any) error {
	place := fmt.Sprintf("%s:%d:%d: ", f.File, max(at.Line, 1), max(at.Column, 1))
	return &report.Error{Message: place + fmt.Sprintf(format, args...)}
}

// Origin is "built in" or the path of the file.
func (f File) Origin() string {
	if path.IsAbs(f.File) {
		return f.File
	}
	return builtIn
}

// Parse reads the text of a profile strictly: unknown and repeated fields, a second document and a name other
// than that of the file are errors with their place.
func Parse(data []byte, file string) (File, error) {
	f := File{File: file}
	const form = "this is not the form of a profile: see tcptune profile show server"
	if err := DecodeYAML(data, file, form, &f); err != nil {
		return File{}, err
	}
	want := strings.TrimSuffix(path.Base(file), ".yaml")
	switch {
	case f.Name.Text != want:
		return File{}, f.errorAt(f.Name, "want \"name: %s\", the name of the file", want)
	case f.Summary.Text == "":
		return File{}, f.errorAt(f.Name, "profile %s has no summary", want)
	case len(f.Keys) == 0 && f.Extends.Text == "":
		return File{}, f.errorAt(f.Name, "profile %s has no keys", want)
	}
	return f, nil
}

// DecodeYAML decodes one document into a struct, strictly. What is wrong is said with its place in file;
// form is what to say of a list where a word is wanted, and the like.
func DecodeYAML(data []byte, file, form string, into any) error {
	body, err := parsePlain(bytes.TrimPrefix(data, []byte("\ufeff"))) // a byte order mark, which YAML allows
	if err != nil {
		return locate(err, file, form)
	}
	if err := checkScalars(body, reflect.TypeOf(into).Elem()); err != nil {
		return locate(err, file, form)
	}
	if err := yaml.NodeToValue(body, into, yaml.Strict()); err != nil {
		return locate(err, file, form)
	}
	return nil
}

// parsePlain parses data, one document of mappings, lists and values. Anchors, aliases, merges and tags are refused: a
// profile is to be read at a glance, and the decoder has crashed on a tag in the wrong place.
func parsePlain(data []byte) (ast.Node, error) {
	if err := modest(data); err != nil {
		return nil, err
	}
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
		return nil, errors.New("the file is empty")
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
	return &yaml.SyntaxError{Message: message, Token: n.GetToken()}
}

// locate turns an error of the YAML decoder into one of ours.
func locate(err error, file, form string) error {
	var at Located
	message := err.Error()
	var theirs yaml.Error
	if errors.As(err, &theirs) {
		message = inWords(theirs, form)
		if t := theirs.GetToken(); t != nil && t.Position != nil {
			at.Line, at.Column = t.Position.Line, t.Position.Column
		}
	}
	return File{File: file}.errorAt(at, "%s", message)
}

// inWords is the message of err without the Go types that the decoder speaks of.
func inWords(err yaml.Error, form string) string {
	var mismatch *yaml.TypeError
	var unexpected *yaml.UnexpectedNodeTypeError
	var overflow *yaml.OverflowError
	switch {
	case errors.As(err, &mismatch) && mismatch.DstType.Kind() == reflect.Bool:
		return "want true or false here"
	case errors.As(err, &mismatch), errors.As(err, &unexpected):
		return form
	case errors.As(err, &overflow):
		return overflow.SrcNum + " is out of range"
	}
	return err.GetMessage()
}
