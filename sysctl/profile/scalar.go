package profile

import (
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// checkScalars finds the first value below node that YAML takes for something else than its field in a struct of typ
// is: the decoder would make 7 of "7", and 1.2 of 1.20, without a word. A [Located] takes what is written.
func checkScalars(node ast.Node, typ reflect.Type) error {
	if reflect.PointerTo(typ).Implements(reflect.TypeFor[yaml.NodeUnmarshaler]()) {
		return nil
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return checkScalars(node, typ.Elem())
	case reflect.Struct:
		return checkFields(node, typ)
	case reflect.Slice:
		if list, ok := node.(*ast.SequenceNode); ok {
			for _, v := range list.Values {
				if err := checkScalars(v, typ.Elem()); err != nil {
					return err
				}
			}
		}
	case reflect.String:
		switch node.(type) {
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
			written := node.GetToken().Value
			return errorAtNode(node, `want a word: put it between quotation marks, "`+written+`", since YAML takes `+written+" for "+kindOf(node))
		}
	case reflect.Int:
		if s, ok := node.(*ast.StringNode); ok {
			return errorAtNode(node, "want a number: write "+bare(s.Value)+" without quotation marks")
		}
	case reflect.Bool:
		if _, ok := node.(*ast.StringNode); ok {
			return errorAtNode(node, "want true or false here")
		}
	}
	return nil
}

func checkFields(node ast.Node, typ reflect.Type) error {
	var pairs []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	}
	for _, pair := range pairs {
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("yaml"), ",")
			if name == "" || name != pair.Key.GetToken().Value {
				continue
			}
			if err := checkScalars(pair.Value, typ.Field(i).Type); err != nil {
				return err
			}
		}
	}
	return nil
}

func kindOf(n ast.Node) string {
	if n.Type() == ast.BoolType {
		return "true or false"
	}
	return "a number"
}

// bare is a number as it is written without quotation marks, or a word for one.
func bare(s string) string {
	if strings.Trim(s, "0123456789") == "" && s != "" {
		return s
	}
	return "it"
}
