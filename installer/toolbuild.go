package installer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// Where tools are, and where they are built. A build folder in /tmp would be open to everybody's names.
const (
	toolsFolder = "/usr/local/lib/tcptune/tools"
	buildFolder = toolsFolder + "/.build.tcptune-new"
)

const (
	toolTime  = 20 * time.Minute // gopls takes three on a slow machine
	toolBytes = 512 << 20
)

// toolFailed is the code of an [report.Error] about a tool that could not be built.
const toolFailed = "tool-failed"

// Workshop is how tools are built: by the go of Version at Goroot, with modules from where Config says.
type Workshop struct {
	Config  fetch.Config
	Goroot  string
	Version fetch.Version
	Network []string // what the environment says of HTTP proxies, "HTTPS_PROXY=…"
}

// needsNewer is a build that failed since it asks for a newer Go.
type needsNewer struct {
	error
	needs fetch.Wish
}

func (e needsNewer) Unwrap() error { return e.error }

// build makes the binary of t in the folder dir, and returns it. The go command and all that it starts run as a user
// who owns nothing but that folder: with caches of its own, without cgo, without version control systems.
func (w Workshop) build(ctx context.Context, h host.Host, t Tool, dir string,
	uid int,
) (b built, program []byte, err error) {
	failed := func(err error) error {
		needs, newer := tooOld(err)
		var said *host.ProgramError
		if errors.As(err, &said) && said.Stderr != "" {
			lines := strings.Split(said.Stderr, "\n")
			err = errors.New(strings.TrimPrefix(lines[len(lines)-1], "go: "))
		}
		err = fetch.Fail(toolFailed, "", "cannot build %s with Go %s", t, w.Version).Because(err)
		if newer {
			return needsNewer{err, needs}
		}
		return err
	}
	command := host.Program{
		Name: path.Join(w.Goroot, "bin/go"), Args: []string{"install", "--", t.Package + "@" + t.Version},
		Dir: dir, Time: toolTime, Unprivileged: true, User: uid, Env: w.environment(dir),
	}
	if _, err = h.RunProgram(ctx, command); err != nil {
		return b, nil, failed(err)
	}
	// It is copied by root, and no link is followed: the folder is not ours.
	made := path.Join(dir, "bin", t.Name)
	fi, err := h.Lstat(made)
	if err == nil && !fi.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: made, Err: fs.ErrInvalid}
	}
	if err == nil {
		program, err = h.ReadAtMost(made, host.Bound{Bytes: toolBytes, Of: "a tool"})
	}
	if err != nil {
		return b, nil, failed(err)
	}
	// Nothing of the module has run so far: what go reads now is what was copied.
	command.Args = []string{"version", "-m", made}
	said, err := h.RunProgram(ctx, command)
	if err == nil {
		b, err = w.inspect(t, strings.TrimPrefix(string(said), made+": "))
	}
	if err != nil {
		return b, nil, failed(err)
	}
	return b, program, nil
}

// inspect holds what "go version -m" says of a binary, without its name, against what was asked for. (debug/buildinfo
// would bring the formats of all systems into the program.)
func (w Workshop) inspect(t Tool, said string) (b built, err error) {
	goVersion, lines, _ := strings.Cut(said, "\n")
	info, err := debug.ParseBuildInfo(strings.ReplaceAll("\n"+lines, "\n\t", "\n")[1:])
	if err != nil {
		return b, err
	}
	b = built{tool: t, version: info.Main.Version, sum: info.Main.Sum, with: w.Version}
	switch {
	case info.Path != t.Package:
		return b, fmt.Errorf("it became %s", info.Path)
	case t.Version != "latest" && info.Main.Version != t.Version:
		return b, fmt.Errorf("it became %s", info.Main.Version)
	case !strings.HasPrefix(goVersion, w.Version.Toolchain()):
		return b, fmt.Errorf("it was built with %s", goVersion)
	}
	return b, nil
}

func (w Workshop) environment(dir string) []string {
	env := []string{
		"HOME=" + dir, "TMPDIR=" + dir, "GOBIN=" + dir + "/bin", "GOPATH=" + dir + "/path", "GOCACHE=" + dir + "/cache",
		"GOENV=off", "GOFLAGS=-trimpath", "GOTOOLCHAIN=local", "GOWORK=off", "GOVCS=*:off", "CGO_ENABLED=0",
	}
	if w.Config.CAFile != "" {
		env = append(env, "SSL_CERT_FILE="+path.Join(dir, caName))
	}
	for name, value := range map[string]string{
		"GOPROXY": w.Config.Go.Proxy, "GOSUMDB": w.Config.Go.SumDB,
		"GONOSUMDB": w.Config.Go.NoSumDB,
	} {
		if value != "" {
			env = append(env, name+"="+value)
		}
	}
	return append(env, w.Network...)
}

// caName is a copy of the CA file, which the user of the build might not be able to read.
const caName = "ca.pem"

// furnish makes the folder of a build, for uid.
func (w Workshop) furnish(h host.Host, dir string, uid int) error {
	if err := errors.Join(h.RemoveAll(dir), h.Mkdir(dir, 0o700)); err != nil {
		return err
	}
	if w.Config.CAFile != "" {
		text, err := fetch.ReadCA(w.Config.CAFile)
		if err != nil {
			return fmt.Errorf("cannot read the CA file: %w", err)
		}
		if err := h.WriteFile(path.Join(dir, caName), text, 0o644); err != nil {
			return err
		}
	}
	return h.Give(dir, uid)
}

// stage puts the program of b where a transaction finds it.
func (b built) stage(h host.Host, program []byte) error {
	at := plan.Staged(b.tree())
	if err := errors.Join(
		h.RemoveAll(at), h.Mkdir(at, 0o755), h.WriteFile(path.Join(at, b.tool.Name), program, 0o755),
	); err != nil {
		return err
	}
	return seal(h, at, record{
		value: b.value(), origin: fetch.Origin{Source: "go install", URL: b.tool.Package, Digest: b.sum},
	})
}
