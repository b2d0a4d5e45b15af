// Package completion holds what shells know of the command line, made by "make generate", so that tcptune can print it
// where no package has installed it.
package completion

import _ "embed"

//go:embed tcptune.bash
var bash string

//go:embed _tcptune
var zsh string

//go:embed tcptune.fish
var fish string

// For is the script for a shell, "" where there is none.
func For(shell string) string {
	return map[string]string{"bash": bash, "zsh": zsh, "fish": fish}[shell]
}

// Shells are the shells that there are scripts for.
func Shells() []string { return []string{"bash", "zsh", "fish"} }
