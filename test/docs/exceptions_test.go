package docs

import (
	"slices"
	"strings"
)

// exception is a command line of tcptune that cannot be run here. It is parsed all the same, by a test of cmd/tcptune.
type exception struct {
	command string // "go install"
	flag    string // only with this flag; "" for all
	why     string
}

// exceptions is the whole list.
func exceptions() []exception {
	return []exception{
		{"apply", "--confirm", "an image has no running values to take back; cmd/tcptune runs it in namespaces"},
		{"confirm", "", "there is nothing to confirm without a running host; cmd/tcptune runs it in namespaces"},
		{"go install", "", "the network; cmd/tcptune and installer install from a mirror of their own"},
		{"go rollback", "", "nothing was installed before; installer and test/script run it"},
		{"go list", "--remote", "the network"},
		{"service status", "", "a booted systemd; test/container runs it"},
		{"service restart", "", "a booted systemd; test/container runs it"},
		{"service logs", "", "a booted systemd; test/container runs it"},
	}
}

func exceptional(command string, words []string) bool {
	return slices.ContainsFunc(exceptions(), func(e exception) bool {
		return e.command == command && (e.flag == "" || slices.Contains(words, e.flag))
	})
}

// foreign are the programs of other people in the examples that are not run, each with its reason. What they are to run in
// an image is run: see build_test.go.
func foreign() map[string]string {
	return map[string]string{
		"make":    "it would build and test the project once more; its targets are looked up in the Makefile",
		"apt-get": "it would install; test/package and test/vm do",
		"curl":    "there is no service to ask",
		"docker":  "it needs a daemon and images; the RUN lines of the Dockerfile are run",
		"packer":  "it needs a builder; the lines of its provisioner are run",
	}
}

// isForeign reports whether a line of shell begins with one of these.
func isForeign(line string) bool {
	words := strings.Fields(strings.TrimPrefix(strings.TrimPrefix(line, "$ "), "sudo "))
	return len(words) > 0 && foreign()[words[0]] != ""
}
