package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// describeServer asks tcptune-server of this source for its flags. It has no commands.
func describeServer(ctx context.Context) (command, error) {
	cmd := exec.CommandContext(ctx, "go", "run", "./cmd/tcptune-server", "--help")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return command{}, fmt.Errorf("cannot run tcptune-server --help: %w", err)
	}
	c := command{Flags: serverFlags(string(out))}
	if c.Flags == nil {
		return c, errors.New("tcptune-server --help shows no flags")
	}
	c.Flags = append(c.Flags, flag{Names: []string{"--help", "-h"}, Usage: "show help"})
	return c, nil
}

// serverFlags reads the list that flag.PrintDefaults has printed. Where the usage tells the values, as in "speak NAME:
// echo, line", they are the placeholder.
func serverFlags(help string) (list []flag) {
	each := regexp.MustCompile(`(?m)^  -(\S+)(?: (\S+))?\n    \t(.*)$`)
	for _, m := range each.FindAllStringSubmatch(help, -1) {
		f := flag{Names: []string{"--" + m[1]}, Value: strings.TrimSuffix(m[2], ":PORT"), Usage: m[3]}
		f.Repeats = strings.Contains(f.Usage, "may be repeated")
		if values := regexp.MustCompile(`^speak NAME: ([a-z, ]+)`).FindStringSubmatch(m[3]); values != nil {
			f.Value = strings.ReplaceAll(strings.TrimSpace(values[1]), ", ", "|")
		}
		list = append(list, f)
	}
	return list
}
