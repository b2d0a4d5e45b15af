package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// manual is what the pages are made from, besides their prose.
type manual struct {
	tcptune command
	server  []option          // of tcptune-server
	pages   map[string]string // "plan" is in "tcptune-apply.8"
}

// command is what "tcptune describe" says of one, or of tcptune itself.
type command struct {
	Name, Usage, Synopsis, Text string
	Flags                       []option
	Commands                    []command
	Hidden                      bool

	path string // "tcptune profile size"
}

// option is one flag.
type option struct {
	Name, Value, Usage, Default string
	Aliases                     []string
}

// ask runs both programs as the sources are now.
func ask(ctx context.Context, root string) (m manual, err error) {
	tree, err := run(ctx, root, "./cmd/tcptune", "describe")
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(tree, &m.tcptune); err != nil {
		return m, fmt.Errorf("tcptune describe: %w", err)
	}
	m.tcptune.path = m.tcptune.Name
	help, err := run(ctx, root, "./cmd/tcptune-server", "--help")
	m.server = serverOptions(string(help))
	return m, err
}

func run(ctx context.Context, root string, program ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run"}, program...)...)
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(program, " "), err)
	}
	return out, nil
}

// serverOptions reads the list that flag.PrintDefaults has printed.
func serverOptions(help string) (list []option) {
	for _, m := range regexp.MustCompile(`(?m)^  -(\S+)(?: (\S+))?\n    \t(.*)$`).FindAllStringSubmatch(help, -1) {
		o := option{Name: m[1], Value: m[2], Usage: m[3]}
		if d := regexp.MustCompile(`^(.*) \((?:default )?"?([^ "()]+)"?\)$`).FindStringSubmatch(o.Usage); d != nil {
			o.Usage, o.Default = d[1], d[2]
		}
		list = append(list, o)
	}
	return list
}

// find returns the visible commands that are called so; a group stands for those in it.
func (m manual) find(names []string) (list []command, err error) {
	for _, name := range names {
		before := len(list)
		for _, c := range below(m.tcptune) {
			if c.path == "tcptune "+name || strings.HasPrefix(c.path, "tcptune "+name+" ") {
				list = append(list, c)
			}
		}
		if len(list) == before {
			return nil, fmt.Errorf("there is no command %q", name)
		}
	}
	return list, nil
}

// below lists the commands in group that do something and are not hidden.
func below(group command) (list []command) {
	for _, c := range group.Commands {
		c.path = group.path + " " + c.Name
		switch {
		case c.Hidden:
		case len(c.Commands) > 0:
			list = append(list, below(c)...)
		default:
			list = append(list, c)
		}
	}
	return list
}
