package portcheck

import (
	"context"
	"path"
	"slices"
	"strings"
)

// wrappers start one program, wait for it, and end with it: shells, what starts the scripts of a package manager, what
// changes the user or the limits, the init of a container. None of them is a supervisor of several jobs.
func wrappers() []string {
	return []string{
		"sh", "bash", "dash", "zsh", "ksh", "mksh", "fish", "busybox", "npm", "npx", "yarn", "yarnpkg", "pnpm", "pnpx", "bun", "deno",
		"corepack", "nodemon", "bundle", "bundler", "rake", "poetry", "pipenv", "pdm", "hatch", "uv", "uvx", "make", "go", "cargo",
		"dotnet", "mvn", "gradle", "env", "sudo", "su", "runuser", "setpriv", "gosu", "su-exec", "chpst", "nice", "ionice", "chrt",
		"taskset", "numactl", "timeout", "time", "strace", "ltrace", "stdbuf", "tini", "dumb-init", "catatonit", "xvfb-run", "dotenv",
		"direnv", "with-contenv", "envdir", "op", "doppler", "aws-vault", "flock", "setsid", "unbuffer", "script",
	}
}

// isWrapper reports whether p is one of them, by its executable or, of an interpreter, by the script that it runs. npm and
// its like write what they run over their own command line: "npm start".
func isWrapper(p Process) bool {
	exe := path.Base(strings.TrimSuffix(p.Exe, " (deleted)"))
	names := []string{exe}
	if interprets(exe) {
		script := scriptName(p.Args)
		plain := strings.TrimSuffix(strings.TrimSuffix(script, path.Ext(script)), "-cli") // npm-cli.js
		plain = strings.TrimRight(plain, "0123456789.")                                   // bundle3.2
		names = []string{script, plain}
		if len(p.Args) > 0 {
			title, _, _ := strings.Cut(p.Args[0], " ")
			names = append(names, title)
		}
	}
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(wrappers(), name) })
}

// wrapped reports whether the owner of a socket is all that the main process of its unit is there for: each process on the
// line from it up to that one is a wrapper with no other child, or has the socket open itself. Signals to it are undone
// by a unit that starts it again; and a supervisor with several jobs is not stopped for one of them.
func wrapped(ctx context.Context, o Owner, owners []Owner, mainPID int) bool {
	owns := func(pid int) bool { return slices.ContainsFunc(owners, func(o Owner) bool { return o.Pid == pid }) }
	for pid, steps := o.Process.Parent, 0; pid > 1 && steps < 16; steps++ {
		p, err := Details(ctx, pid)
		if err != nil {
			return false
		}
		if !owns(pid) && (!isWrapper(p) || countChildren(pid) != 1) {
			return false
		}
		if pid == mainPID {
			return true
		}
		pid = p.Parent
	}
	return false
}

// countChildren is how many children a process has, -1 where that cannot be told.
func countChildren(pid int) int {
	children, err := childrenOf(pid)
	if err != nil {
		return -1
	}
	return len(children)
}
