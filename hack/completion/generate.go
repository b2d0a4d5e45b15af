package main

import (
	"bytes"
	"context"
	"embed"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed *.tmpl
var scripts embed.FS

// outputs are the names that the shells look for, of what is made from each template.
func outputs() map[string]string {
	return map[string]string{"bash.tmpl": "tcptune.bash", "zsh.tmpl": "_tcptune", "fish.tmpl": "tcptune.fish"}
}

// generate writes the scripts into dir.
func generate(ctx context.Context, dir string) error {
	root, err := describe(ctx)
	if err != nil {
		return err
	}
	commands := flatten(root, "")
	values, err := learn(commands)
	if err != nil {
		return err
	}
	data := struct {
		Commands []command
		Values   vocabulary
	}{commands, values}
	t, err := template.New("").Funcs(functions()).ParseFS(scripts, "*.tmpl")
	if err != nil {
		return err
	}
	for from, to := range outputs() {
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, from, data); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, to), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func functions() template.FuncMap {
	return template.FuncMap{
		"join":      strings.Join,
		"long":      func(name string) bool { return strings.HasPrefix(name, "--") },
		"bare":      func(name string) string { return strings.TrimLeft(name, "-") },
		"quote":     quote,
		"fish":      fishQuote,
		"zshWord":   func(w word) string { return quote(zshWord(w)) },
		"zshFlags":  zshFlags,
		"zshAction": zshAction,
		"fishWants": fishWants,
		"fishFirst": fishFirst,
		"free":      func(placeholder string) bool { return slices.Contains(free(), placeholder) },
		"isFile":    func(placeholder string) bool { return slices.Contains(files(), placeholder) },
	}
}
