package docs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary the programs that the examples name: what a shell finds on PATH is one of them.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tcptune":        runTcptune,
		"tcptune-server": runServer,
		"mmdebstrap":     runHooks,
		"apt-get":        func() {}, // what the examples install is there, and no more is to be
		"sudo":           func() { become(os.Args[1:]) },
	})
}

// How the programs learn where they are.
const (
	envTcptune = "DOCS_TCPTUNE" // the built tcptune
	envServer  = "DOCS_SERVER"  // the built tcptune-server
	envImage   = "DOCS_IMAGE"   // the copy of a fixture
	envRecord  = "DOCS_RECORD"  // a file that gets one line for each call of tcptune
)

// runTcptune runs the built tcptune so that it does no harm.
func runTcptune() {
	words := os.Args[1:]
	command, rest, err := split(words)
	if err != nil {
		give(err)
	}
	record, err := os.OpenFile(os.Getenv(envRecord), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		give(err)
	}
	_, err = fmt.Fprintf(record, "%s\n", strings.Join(words, " "))
	if err := errors.Join(err, record.Close()); err != nil {
		give(err)
	}
	if exceptional(command, rest) {
		return
	}
	become(append(append([]string{os.Getenv(envTcptune)}, strings.Fields(command)...), harmless(command, rest)...))
}

// harmless is what is run for an example: on the image where that can be, and as a dry run where it would kill.
func harmless(command string, words []string) []string {
	flags, hasFlag := words, func(f string) bool { return slices.Contains(words, f) }
	tail := []string{}
	if i := slices.Index(words, "--"); i >= 0 {
		flags, tail = words[:i], words[i:]
	}
	switch {
	case command == "port" && (hasFlag("--kill") || hasFlag("-k")):
		return append([]string{"--dry-run"}, flags...) // and without the command that would follow
	case command == "service install":
		flags = slices.DeleteFunc(slices.Clone(flags), func(f string) bool { return f == "--now" })
		fallthrough
	case hasRoot(command) && !hasFlag("--root"):
		return append(append([]string{"--root", os.Getenv(envImage)}, flags...), tail...)
	}
	return words
}

// description is what these tests read of "tcptune describe".
type description struct {
	Name     string `json:"name"`
	Flags    []struct{ Name string }
	Commands []description `json:"commands"`
}

func describe() (description, error) {
	var d description
	out, err := exec.Command(os.Getenv(envTcptune), "describe").Output()
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal(out, &d)
}

// split parts the command, which may have two words, from what follows it.
func split(words []string) (command string, rest []string, err error) {
	d, err := describe()
	if err != nil {
		return "", nil, err
	}
	var names []string
	for len(words) > 0 {
		i := slices.IndexFunc(d.Commands, func(c description) bool { return c.Name == words[0] })
		if i < 0 {
			break
		}
		d, names, words = d.Commands[i], append(names, words[0]), words[1:]
	}
	return strings.Join(names, " "), words, nil
}

func hasRoot(command string) bool {
	d, err := describe()
	if err != nil {
		give(err)
	}
	for name := range strings.FieldsSeq(command) {
		i := slices.IndexFunc(d.Commands, func(c description) bool { return c.Name == name })
		d = d.Commands[i]
	}
	for _, f := range d.Flags {
		if f.Name == "root" {
			return true
		}
	}
	return false
}

// runServer starts the built server on free ports, waits until it says that it serves, and stops it as systemd does.
func runServer() {
	args := slices.Clone(os.Args[1:])
	for i, a := range args {
		if i > 0 && (args[i-1] == "--listen" || args[i-1] == "--admin") {
			args[i] = a[:strings.LastIndexByte(a, ':')] + ":0"
		}
	}
	cmd := exec.Command(os.Getenv(envServer), args...)
	errs, err := cmd.StderrPipe()
	if err != nil {
		give(err)
	}
	if err := cmd.Start(); err != nil {
		give(err)
	}
	for lines := bufio.NewScanner(errs); lines.Scan(); {
		fmt.Fprintln(os.Stderr, lines.Text())
		if strings.Contains(lines.Text(), "serving") {
			_ = cmd.Process.Signal(syscall.SIGTERM)
		}
	}
	if err := cmd.Wait(); err != nil {
		give(err)
	}
}

// runHooks stands for mmdebstrap: it makes nothing and runs the customize hooks on the image, as mmdebstrap(1) does.
func runHooks() {
	for _, a := range os.Args[1:] {
		hook, ok := strings.CutPrefix(a, "--customize-hook=")
		if !ok {
			continue
		}
		cmd := exec.Command("sh", "-c", hook, "exec", os.Getenv(envImage))
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			give(fmt.Errorf("%s: %w", hook, err))
		}
	}
}

// become replaces this process by another program.
func become(argv []string) {
	path, err := exec.LookPath(argv[0])
	if err == nil {
		err = syscall.Exec(path, argv, os.Environ())
	}
	give(fmt.Errorf("cannot run %s: %w", argv[0], err))
}

func give(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
