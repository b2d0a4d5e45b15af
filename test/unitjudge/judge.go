// Package unitjudge shows unit files to the real systemd-analyze of several releases of systemd.
package unitjudge

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/test/debian"
)

// Judge is a root folder with a systemd and all that it depends on.
type Judge struct {
	Suite   string // of Debian
	Root    string
	Release int // of systemd
}

// Debian returns the judge of a suite, from the cache or from the mirror.
func Debian(cache, suite string) (Judge, error) {
	root, err := debian.Cached(cache, suite, func(work, dir string) error {
		// libseccomp is loaded at need only, and without it no system call has a name.
		return debian.Unpack(work, suite, dir, "systemd", "libseccomp2")
	})
	if err != nil {
		return Judge{}, err
	}
	j := Judge{Suite: suite, Root: root}
	out, err := exec.Command("chroot", root, "systemd-analyze", "--version").Output()
	if err != nil {
		return j, err
	}
	// "systemd 252 (252.39-1~deb12u2)"
	_, err = fmt.Sscanf(string(out), "systemd %d", &j.Release)
	return j, err
}

// HasSecurity tells whether "systemd-analyze security" of j can judge files: --offline is "Added in version 250".
func (j Judge) HasSecurity() bool { return j.Release >= 250 }

// Verify returns what "systemd-analyze verify" has to say about the units, "" if nothing. Programs are the paths of the
// executables that the units name.
func (j Judge) Verify(ctx context.Context, work string, units map[string]string, programs ...string) (string, error) {
	args := []string{"verify", "--man=no"}
	if j.Release >= 250 {
		args = append(args, "--recursive-errors=no")
	}
	for name := range units {
		args = append(args, unitDir+name)
	}
	out, err := j.analyze(ctx, work, units, programs, args)
	if out == "" && err != nil {
		out = err.Error()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = nil
	}
	return out, err
}

// Exposure returns the overall exposure level of each service among the units, from 0.0 to 10.0.
func (j Judge) Exposure(ctx context.Context, work string, units map[string]string) (map[string]float64, error) {
	args := []string{"security", "--no-pager", "--offline=yes"}
	for name := range units {
		if strings.HasSuffix(name, ".service") {
			args = append(args, unitDir+name)
		}
	}
	out, err := j.analyze(ctx, work, units, nil, args)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	levels := map[string]float64{}
	for _, found := range regexp.MustCompile(`Overall exposure level for (\S+): ([0-9.]+)`).FindAllStringSubmatch(out, -1) {
		if levels[found[1]], err = strconv.ParseFloat(found[2], 64); err != nil {
			return nil, err
		}
	}
	return levels, nil
}

const unitDir = "/etc/systemd/system/"

//go:embed sandbox.sh
var sandbox string

// analyze runs systemd-analyze in the root of the judge as if it held the units and the programs. The folder work is
// an empty one.
func (j Judge) analyze(
	ctx context.Context,
	work string,
	units map[string]string,
	programs, args []string,
) (string, error) {
	files := filepath.Join(work, "files")
	write := func(name, text string, mode os.FileMode) error {
		at := filepath.Join(files, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		return os.WriteFile(at, []byte(text), mode)
	}
	for name, text := range units {
		if err := write(unitDir+name, text, 0o644); err != nil {
			return "", err
		}
	}
	for _, program := range programs {
		if err := write(program, "#!/bin/sh\n", 0o755); err != nil {
			return "", err
		}
	}
	at := filepath.Join(work, "root")
	for _, dir := range []string{at, files + "/proc", files + "/sys", files + "/run", files + "/tmp"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(ctx, "unshare", append([]string{
		"--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", sandbox, "sandbox", files, j.Root, at, "systemd-analyze",
	}, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_COLORS=0", "SYSTEMD_LOG_COLOR=0", "LC_ALL=C"}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
