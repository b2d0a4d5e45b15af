package fetch

import (
	"cmp"
	"path"
	"strings"

	"golang.org/x/mod/module"

	"github.com/tcptune/tcptune/internal/host"
)

// toolchainModule is the path of the module whose versions are toolchains: https://go.dev/doc/toolchain#download
const toolchainModule = "golang.org/toolchain"

// GoEnv is the part of Go's configuration that says where modules come from:
// https://go.dev/ref/mod#environment-variables
type GoEnv struct {
	Proxy   string // GOPROXY: a list, separated by "," (go on after 404 and 410) and "|" (go on after any error)
	SumDB   string // GOSUMDB: name or key of the checksum database, and optionally its address; "": sum.golang.org
	NoSumDB string // GONOSUMDB, or else GOPRIVATE: patterns of modules that are not looked up there
}

// ReadGoEnv finds Go's configuration as the go command would, which need not be there: the environment first, then the
// user's file ($GOENV, or go/env below $XDG_CONFIG_HOME or $HOME/.config), then go.env of the GOROOT at goroot, if any.
func ReadGoEnv(h host.Host, getenv func(string) string, goroot string) GoEnv {
	_, user := UserEnv(h, getenv)
	lookups := []func(string) string{getenv, user}
	if goroot != "" {
		lookups = append(lookups, readEnvFile(h, path.Join(goroot, "go.env")))
	}
	find := func(name string) (value string) {
		for _, lookup := range lookups {
			value = cmp.Or(value, lookup(name))
		}
		return value
	}
	return GoEnv{Proxy: find("GOPROXY"), SumDB: find("GOSUMDB"), NoSumDB: cmp.Or(find("GONOSUMDB"), find("GOPRIVATE"))}
}

// UserEnv is the user's file, "" when there can be none, and the lookup in it. Nothing but a regular
// file is opened: as root, on behalf of somebody else, it may be that one's.
func UserEnv(h host.Host, getenv func(string) string) (file string, lookup func(string) string) {
	switch name := getenv("GOENV"); {
	case name == "off":
	case name != "":
		file = name
	case path.IsAbs(getenv("XDG_CONFIG_HOME")):
		file = getenv("XDG_CONFIG_HOME") + "/go/env"
	case path.IsAbs(getenv("HOME")):
		file = getenv("HOME") + "/.config/go/env"
	}
	return file, readEnvFile(h, file)
}

// readEnvFile looks nothing up in a file that cannot be read, as the go command does.
func readEnvFile(h host.Host, file string) func(string) string {
	text, err := h.ReadAtMost(file, host.Bound{Bytes: 64 << 10, Of: "a configuration of Go"})
	if err != nil {
		return func(string) string { return "" }
	}
	return parseEnvFile(string(text))
}

// parseEnvFile reads lines KEY=VALUE; lines of comment begin with "#". The last line of a key counts.
func parseEnvFile(text string) func(string) string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(key, "#") {
			values[key] = value
		}
	}
	return func(key string) string { return values[key] }
}

// verifies is an error when the checksum database would not be asked about toolchains. It is not skipped then: nothing
// else proves what a module proxy sends.
func (e GoEnv) verifies() error {
	const hint = "unset it for this command, or use the source download"
	switch {
	case e.SumDB == "off":
		return Fail(NoDatabase, hint, "cannot verify %s: the checksum database is switched off by GOSUMDB=off",
			toolchainModule)
	case module.MatchPrefixPatterns(e.NoSumDB, toolchainModule):
		return Fail(NoDatabase, hint, "cannot verify %s: GONOSUMDB or GOPRIVATE takes it out of the checksum database",
			toolchainModule)
	}
	return nil
}
