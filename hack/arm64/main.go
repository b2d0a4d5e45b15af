// Command arm64 runs the tests of what uses raw system calls and structs of the kernel, built for arm64, under qemu's user mode
// emulation. A test that fails since qemu lacks something is left out, and said with what that is; any other failure is one.
//
//	go run ./hack/arm64 [PACKAGE ...]
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// suite is a package, and what of it is run.
type suite struct {
	path     string
	skip     string // tests that are not begun
	why      string
	env      []string
	followed map[string]string // tests that fail without naming what is lacking, and what it is
}

const (
	noOpenat2 = "qemu knows no openat2(2)"
	noBinfmt  = "qemu cannot start its own program again"
)

// suites lists them all. What sysctl, service and installer do goes through internal/host.
func suites() []suite {
	return []suite{
		{path: "bench"},
		{path: "diagnose"},
		{path: "internal/host", followed: map[string]string{
			"TestArchOfAnImage": noOpenat2, "TestContainersAreKnownByTheirControlGroup": noOpenat2,
			"TestNamespacesAreComparedWithThoseOfPID1": noOpenat2, "TestSystemdBooted": noOpenat2, "TestVirt": noOpenat2,
			"TestArchOfThisMachineIsDpkgs": "dpkg is of this machine, and the program is not",
		}},
		{path: "internal/sockdiag"},
		{path: "portcheck", followed: map[string]string{
			"TestListeningNamesTheProcessOfEachSocket": "the name of the process is that of qemu",
		}},
		{path: "prove/path"},
		{
			path: "server", env: []string{"TCPTUNE_TEST_ENGINE=loop"},
			skip: "TestSlowReadersAreHeldBackAndOthersGoOn|TestAFloodOfConnectionsThatCloseAtOnce", why: "emulation is slower than they wait",
		},
	}
}

// lacks are what qemu does not have, and how a test says so.
func lacks() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		noOpenat2:                              regexp.MustCompile(`function not implemented`),
		noBinfmt:                               regexp.MustCompile(`(?i)exec format error`),
		"qemu has no PR_SET_CHILD_SUBREAPER":   regexp.MustCompile(`PR_SET_CHILD_SUBREAPER: invalid argument`),
		"qemu makes no namespace with a child": regexp.MustCompile(`fork/exec .*: invalid argument`),
		"qemu gives four bytes of TCP_INFO":    regexp.MustCompile(`the kernel tells nothing of the connections`),
		"qemu has no sock_diag":                regexp.MustCompile(`socket: protocol not supported`),
	}
}

func main() {
	code := 0
	for _, s := range suites() {
		if len(os.Args) > 1 && !slices.Contains(os.Args[1:], s.path) {
			continue
		}
		if err := s.run(os.Stdout); err != nil {
			fmt.Fprintf(os.Stderr, "arm64: %s: %v\n", s.path, err)
			code = 1
		}
	}
	os.Exit(code)
}

// event is one of go test -json, see "go doc test2json".
type event struct{ Action, Test, Output string }

func (s suite) run(out io.Writer) error {
	argv := []string{"test", "-json", "-count=1", "-vet=off", "-short", "-timeout", "10m", "-exec", "qemu-aarch64-static"}
	if s.skip != "" {
		argv = append(argv, "-skip", s.skip)
	}
	cmd := exec.Command("go", append(argv, "./"+s.path)...)
	cmd.Env, cmd.Stderr = append(append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0"), s.env...), os.Stderr
	text, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	said, ended := map[string]string{}, map[string]string{}
	for line := range strings.Lines(string(text)) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return fmt.Errorf("%w: %s", err, line)
		}
		top, sub, _ := strings.Cut(e.Test, "/")
		switch {
		case e.Action == "output":
			said[top] += e.Output
		case sub == "" && slices.Contains([]string{"run", "pass", "fail", "skip"}, e.Action):
			ended[top] = e.Action
		}
	}
	return s.judge(out, said, ended)
}

// judge says what came of the tests, by name; "" is the package.
func (s suite) judge(out io.Writer, said, ended map[string]string) error {
	left, passed, bad := map[string][]string{}, 0, []string{}
	for _, test := range slices.Sorted(maps.Keys(ended)) {
		why := s.lacking(test, said[test])
		switch {
		case ended[test] == "pass" && test != "":
			passed++
		case ended[test] == "fail" && test != "" && why != "":
			left[why] = append(left[why], test)
		case ended[test] == "fail" && test != "" || ended[test] == "run":
			fmt.Fprint(out, said[test])
			bad = append(bad, test)
		}
	}
	if ended[""] == "fail" && len(left)+len(bad) == 0 {
		fmt.Fprint(out, said[""])
		bad = append(bad, "the package")
	}
	fmt.Fprintf(out, "arm64 %s: %d passed\n", s.path, passed)
	for _, why := range slices.Sorted(maps.Keys(left)) {
		fmt.Fprintf(out, "  left out, %s: %s\n", why, strings.Join(left[why], " "))
	}
	if s.skip != "" {
		fmt.Fprintf(out, "  not begun, %s: %s\n", s.why, strings.ReplaceAll(s.skip, "|", " "))
	}
	if len(bad) > 0 || passed == 0 {
		return fmt.Errorf("%d failed, or did not end: %s", len(bad), strings.Join(bad, " "))
	}
	return nil
}

// lacking is what of qemu a test wants that is not there.
func (s suite) lacking(test, said string) string {
	for why, says := range lacks() {
		if says.MatchString(said) {
			return why
		}
	}
	return s.followed[test]
}
