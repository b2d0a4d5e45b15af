package fetch

import (
	"cmp"
	"context"
	"os"
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
	ProxyOf string // who has set Proxy, for a person, where that is neither the one who calls nor Go itself: "alice, in FILE"
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

// UserEnv is the user's file, "" when there can be none, and the lookup in it.
func UserEnv(h host.Host, getenv func(string) string) (file string, lookup func(string) string) {
	switch name := getenv("GOENV"); {
	case name == "off":
	case name != "":
		file = name
	default:
		file = userFile(getenv("XDG_CONFIG_HOME"), getenv("HOME"))
	}
	return file, readEnvFile(h, file)
}

// userFile is where the file of a user is, "" when that cannot be told.
func userFile(config, home string) string {
	switch {
	case path.IsAbs(config):
		return config + "/go/env"
	case path.IsAbs(home):
		return home + "/.config/go/env"
	}
	return ""
}

// CallerEnv is the file go/env of the user u, on whose behalf root works, and the lookup in it. It is read as that user.
func CallerEnv(ctx context.Context, h host.Host, u host.Account) (file string, lookup func(string) string) {
	nothing := func(string) string { return "" }
	if file = userFile("", u.Home); file == "" {
		return "", nothing
	}
	text, err := h.RunAs(ctx, u, []string{"/usr/bin/head", "-c", "65536", "--", file}, []string{"LC_ALL=C"},
		func([]byte) bool { return false })
	if err != nil {
		return file, nothing
	}
	return file, parseEnvFile(string(text))
}

// CallerProxy is GOPROXY of that user, whose shell has the environment shell, and where it is said. Nothing else is
// taken: what is trusted is not a user's to say. Only https addresses count. Without any it is "".
func CallerProxy(
	ctx context.Context, h host.Host, u host.Account, shell func(string) string,
) (proxy, origin string) {
	if proxy = onlyHTTPS(shell("GOPROXY")); proxy != "" {
		return proxy, "the environment of the shell"
	}
	file, lookup := CallerEnv(ctx, h, u)
	return onlyHTTPS(lookup("GOPROXY")), file
}

// onlyHTTPS is a list of proxies without those whose answers anybody on the way can read and change.
func onlyHTTPS(list string) string {
	var kept strings.Builder
	for rest := list; rest != ""; {
		at := strings.IndexAny(rest, ",|")
		entry, end := rest, ""
		if at >= 0 {
			entry, end = rest[:at], rest[at:at+1]
		}
		rest = rest[len(entry)+len(end):]
		if strings.HasPrefix(strings.TrimSpace(entry), "https://") {
			kept.WriteString(entry + end)
		}
	}
	return kept.String()
}

// readEnvFile looks nothing up in a file that cannot be read, as the go command does. Root does not read what somebody
// else may have written: it could say what is trusted.
func readEnvFile(h host.Host, file string) func(string) string {
	nothing := func(string) string { return "" }
	if os.Geteuid() == 0 && !h.OnlyRoots(file) {
		return nothing
	}
	text, err := h.ReadAtMost(file, host.Bound{Bytes: 64 << 10, Of: "a configuration of Go"})
	if err != nil {
		return nothing
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

// AskDatabase is how to have the checksum database asked, wherever it was switched off: a file of Go's configuration is
// left as it is, and the environment wins over each.
const AskDatabase = "GOSUMDB=" + defaultDatabase + " in the environment of tcptune switches it on"

// verifies is an error when the checksum database would not be asked about toolchains. It is not skipped then: nothing
// else proves what a module proxy sends.
func (e GoEnv) verifies() error {
	switch {
	case e.SumDB == "off":
		return Fail(NoDatabase, AskDatabase+"; or use the source download",
			"cannot verify %s: the checksum database is switched off by GOSUMDB=off", toolchainModule)
	case module.MatchPrefixPatterns(e.NoSumDB, toolchainModule):
		return Fail(NoDatabase, "GONOSUMDB=none in the environment of tcptune asks it; or use the source download",
			"cannot verify %s: GONOSUMDB or GOPRIVATE takes it out of the checksum database", toolchainModule)
	}
	return nil
}
