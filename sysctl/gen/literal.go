package main

import (
	"bytes"
	"fmt"
	"go/format"
	"reflect"
	"slices"
	"strings"
)

// source is a Go file of package pkg with a function that returns value.
func source(pkg, from, function string, value any) ([]byte, error) {
	var b bytes.Buffer
	v := reflect.ValueOf(value)
	fmt.Fprintf(&b, "// Code generated from %s by sysctl/gen; DO NOT EDIT.\n\npackage %s\n\n", from, pkg)
	fmt.Fprintf(&b, "func %s() %s {\n\treturn ", function, typeName(v.Type()))
	literal(&b, v)
	b.WriteString("\n}\n")
	return format.Source(b.Bytes())
}

// literal writes v as a Go expression.
func literal(b *bytes.Buffer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Array, reflect.Map:
		b.WriteString(typeName(v.Type()))
	}
	elements(b, v)
}

// elements writes v as a Go expression without its type, and without the fields that are zero or filled in later.
func elements(b *bytes.Buffer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		b.WriteString("{")
		for i := range v.NumField() {
			if f := v.Field(i); v.Type().Field(i).IsExported() && !f.IsZero() {
				b.WriteString(v.Type().Field(i).Name + ": ")
				literal(b, f)
				b.WriteString(", ")
			}
		}
		b.WriteString("}")
	case reflect.Slice:
		b.WriteString("{\n")
		for i := range v.Len() {
			elements(b, v.Index(i))
			b.WriteString(",\n")
		}
		b.WriteString("}")
	case reflect.Array:
		b.WriteString("{")
		for i := range v.Len() {
			elements(b, v.Index(i))
			b.WriteString(", ")
		}
		b.WriteString("}")
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
		b.WriteString("{")
		for _, k := range keys {
			fmt.Fprintf(b, "%q: %q, ", k, v.MapIndex(k))
		}
		b.WriteString("}")
	case reflect.String:
		fmt.Fprintf(b, "%q", v.String())
	default:
		fmt.Fprintf(b, "%v", v.Interface())
	}
}

// typeName is the name of t in its own package; package catalogue gives types of package host a name of its own.
func typeName(t reflect.Type) string {
	return strings.NewReplacer("catalogue.", "", "profile.", "", "lint.", "", "host.", "").Replace(t.String())
}
