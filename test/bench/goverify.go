package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// lookAim is what a fast look at a toolchain may take, in milliseconds.
const lookAim = 50

// verifyGo times what it costs to believe nothing of an installed toolchain: that of s is installed, and looked at.
func verifyGo(out io.Writer, tcptune, fixture, dir string, s shop, rounds int) error {
	if err := furnish(fixture); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", "/usr/local", "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	err := errors.Join(os.Mkdir("/usr/local/bin", 0o755), os.Mkdir("/usr/local/lib", 0o755), os.MkdirAll("/etc/tcptune", 0o755),
		os.WriteFile("/etc/tcptune/tcptune.yaml", []byte("go: {version: \""+s.version[2:]+"\"}\n"), 0o644))
	if err != nil {
		return err
	}
	install := command{name: "tcptune go install", argv: []string{
		tcptune, "go", "install", s.version[2:], "--source", "download", "--base", s.base,
		"--keyring", dir + "/key.asc", "--ca-file", dir + "/ca.pem",
	}}
	if _, err := install.time(); err != nil {
		return err
	}
	at, err := installer.Observe(host.Host{}, plan.Journal{})
	if err != nil {
		return err
	}
	commands := []command{
		{name: "tcptune go list", argv: []string{tcptune, "go", "list"}},
		{name: "tcptune status, with go: declared", argv: []string{tcptune, "status"}, good: []int{2, 4}, aim: 80},
		{name: "tcptune go verify, every file", argv: []string{tcptune, "go", "verify"}, aim: 2000},
	}
	samples := make([][]sample, len(commands))
	var looks []sample
	for range rounds {
		for i, c := range commands {
			one, err := c.time()
			if err != nil {
				return err
			}
			samples[i] = append(samples[i], one)
		}
		began := time.Now()
		if c := at.Look(context.Background(), at.Active, false); !c.Whole() {
			return fmt.Errorf("the toolchain is %s: %s", c.State, c.Why)
		}
		looks = append(looks, sample{wall: time.Since(began)})
	}
	files := 0
	err = filepath.WalkDir(installer.TreePath(at.Active), func(string, os.DirEntry, error) error {
		files++
		return nil
	})
	fmt.Fprintf(out, "\nAn installed toolchain of %d files and folders is looked at; milliseconds, median\n\n", files)
	row := func(name string, list []sample, aim float64) {
		took := median(list, func(s sample) time.Duration { return s.wall })
		verdict := ""
		if aim > 0 {
			verdict = fmt.Sprintf("below %.0f: %s", aim, map[bool]string{true: "met", false: "MISSED"}[took < aim])
		}
		fmt.Fprintf(out, "%-36s %8.0f   %s\n", name, took, verdict)
	}
	row("the look alone, program asked", looks, lookAim)
	for i, c := range commands {
		row(c.name, samples[i], c.aim)
	}
	return err
}
