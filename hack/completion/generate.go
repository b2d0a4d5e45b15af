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

// outputs are the names that the shells look for, of what is made for a program from each template.
func outputs(program string) map[string]string {
	return map[string]string{"bash.tmpl": program + ".bash", "zsh.tmpl": "_" + program, "fish.tmpl": program + ".fish"}
}

// generate writes the scripts of both programs into dir.
func generate(ctx context.Context, dir string) error {
	root, err := describe(ctx)
	if err != nil {
		return err
	}
	server, err := describeServer(ctx)
	if err != nil {
		return err
	}
	if err := write(dir, "tcptune", flatten(root, "")); err != nil {
		return err
	}
	return write(dir, "tcptune-server", []command{server})
}

// write makes the scripts of one program.
func write(dir, program string, commands []command) error {
	values, err := learn(commands)
	if err != nil {
		return err
	}
	data := struct {
		Program  string
		Commands []command
		Values   vocabulary
	}{program, commands, values}
	t, err := template.New("").Funcs(functions()).ParseFS(scripts, "*.tmpl")
	if err != nil {
		return err
	}
	for from, to := range outputs(program) {
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, from, data); err != nil {
			return err
		}
		// The functions of a shell are all in one room.
		text := strings.ReplaceAll(b.String(), "_tcptune", "_"+strings.ReplaceAll(program, "-", "_"))
		if err := os.WriteFile(filepath.Join(dir, to), []byte(text), 0o644); err != nil {
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
