package installer

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// trialSource holds the program. It is no folder for temporary files, in which the go command ignores a go.mod.
const trialSource = trial + "/source"

// trialBytes is what the trial takes of the disk: the compiled packages of the program.
const trialBytes = 48 << 20

// trialTime is enough for a slow machine to compile the runtime.
const trialTime = 5 * time.Minute

// trialProgram is built by a new toolchain: it needs the compiler, the linker, and the sources of the standard library.
const trialProgram = `package main

import (
	"fmt"
	"runtime"
)

func main() { fmt.Println(runtime.Version()) }
`

// try runs the toolchain at goroot: it must say that it is v, and build a program, offline, that runs. It does so as a
// user without privileges and leaves nothing. On an image, which can run nothing, there is no trial.
func try(ctx context.Context, h host.Host, goroot string, v fetch.Version) (err error) {
	if !h.Live() {
		return nil
	}
	if err := Greet(ctx, h, goroot, v); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.RemoveAll(trial)) }()
	if err := furnishTrial(h, v); err != nil {
		return fmt.Errorf("cannot try out Go %s: %w", v, err)
	}
	program := path.Join(trial, "program")
	build := trialCall(path.Join(goroot, "bin/go"), "build", "-o", program, ".")
	build.Dir = trialSource
	if _, err := h.RunProgram(ctx, build); err != nil {
		return failedTrial(v, "it does not build a program", err)
	}
	out, err := h.RunProgram(ctx, trialCall(program))
	if err != nil {
		return failedTrial(v, "the program that it has built does not run", err)
	}
	if said, _, _ := strings.Cut(strings.TrimSpace(string(out)), " "); said != v.Toolchain() {
		return failedTrial(v, fmt.Sprintf("the program that it has built says %q", said), nil)
	}
	return nil
}

// Greet asks the toolchain at goroot for its version, which must be v. On an image it does nothing.
func Greet(ctx context.Context, h host.Host, goroot string, v fetch.Version) error {
	if !h.Live() {
		return nil
	}
	said, err := askVersion(ctx, h, goroot)
	if err != nil {
		return failedTrial(v, "it does not run", err)
	}
	if said != v.String() {
		return failedTrial(v, fmt.Sprintf("it says that it is Go %q", said), nil)
	}
	return nil
}

// askTime is enough for a slow machine to start a program from a slow disk.
const askTime = 30 * time.Second

// askVersion is the version that the program of the toolchain at goroot says, without "go": it runs as no more than it needs.
func askVersion(ctx context.Context, h host.Host, goroot string) (string, error) {
	call := trialCall(path.Join(goroot, "bin/go"), "version")
	call.Time = askTime
	out, err := h.RunProgram(ctx, call)
	if err != nil {
		return "", err
	}
	words := strings.Fields(string(out))
	if len(words) < 3 || words[1] != "version" {
		return strings.TrimSpace(string(out)), nil
	}
	return strings.TrimPrefix(words[2], "go"), nil
}

func furnishTrial(h host.Host, v fetch.Version) error {
	if err := h.RemoveAll(trial); err != nil {
		return err
	}
	if err := errors.Join(h.Mkdir(trial, 0o700), h.Mkdir(trialSource, 0o755)); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"go.mod":  "module trial\n\ngo " + v.Series() + "\n",
		"main.go": trialProgram,
	} {
		if err := h.WriteFile(path.Join(trialSource, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return h.Give(trial, host.Nobody)
}

// trialCall is a call that sees nothing of the machine's own Go: neither its settings nor its caches nor the network.
func trialCall(name string, args ...string) host.Program {
	return host.Program{
		Name: name, Args: args, Time: trialTime, Unprivileged: true,
		Env: []string{
			"HOME=" + trial, "TMPDIR=" + trial, "GOCACHE=" + trial + "/cache", "GOPATH=" + trial + "/path",
			"GOENV=off", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOTOOLCHAIN=local", "GOWORK=off",
			"CGO_ENABLED=0",
		},
	}
}

func failedTrial(v fetch.Version, what string, err error) *report.Error {
	return fetch.Fail(trialFailed, "nothing was changed: the Go that was active still is", "cannot use Go %s here: %s", v,
		what).Because(err)
}
