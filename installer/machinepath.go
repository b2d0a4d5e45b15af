package installer

import (
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// machine is what decides the PATH of shells on a host.
type machine struct {
	h        host.Host
	session  searchPath // of a user, when he has logged in
	root     searchPath // of root
	accounts []account
}

// account is a user who may have a shell. Zero is one without files of his own.
type account struct {
	name, home, shell string
	uid               int
}

// accountsAtMost bounds the work on a host with very many users.
const accountsAtMost = 200

func (m *machine) observe() {
	m.session, m.root = m.start("ENV_PATH"), m.start("ENV_SUPATH")
	text, err := m.h.ReadFile("/etc/passwd")
	if err == nil {
		m.accounts = parseAccounts(string(text))
	}
}

// parseAccounts finds root and the users of passwd(5) who have a shell that is understood; adduser.conf(5) numbers them
// from 1000 to 59999.
func parseAccounts(text string) (list []account) {
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) != 7 {
			continue
		}
		uid, err := strconv.Atoi(f[2])
		if err != nil || uid != 0 && (uid < 1000 || uid > 59999) || knownShell(f[6]) == "" || !plain(f[0]) {
			continue
		}
		if list = append(list, account{f[0], f[5], knownShell(f[6]), uid}); len(list) == accountsAtMost {
			break
		}
	}
	return list
}

// start is the PATH that a session begins with: pam_env(8) reads /etc/environment, which nearly always has one; else
// login(1) and su(1) take it from login.defs(5).
func (m *machine) start(name string) searchPath {
	const env, defs = "/etc/environment", "/etc/login.defs"
	if text, err := m.h.ReadShort(env, profileBytes); err == nil {
		if value, line := assignment(string(text), "PATH"); line > 0 {
			return searchPath{}.becoming(literal(value), env+":"+strconv.Itoa(line))
		}
	}
	if text, err := m.h.ReadShort(defs, profileBytes); err == nil {
		for n, line := range strings.Split(string(text), "\n") {
			f := strings.Fields(line)
			if len(f) == 2 && f[0] == name {
				return searchPath{}.becoming(literal(strings.TrimPrefix(f[1], "PATH=")), defs+":"+strconv.Itoa(n+1))
			}
		}
	}
	return searchPath{}.becoming("/usr/local/bin:/usr/bin:/bin", "the default of login")
}

// literal keeps what steers a terminal out of folders that are shown later. Such a folder is not searched.
func literal(text string) string {
	if !plain(text) {
		return unknownText
	}
	return text
}

// run begins to follow the start-up files of a shell for u.
func (m *machine) run(shell string, u account) *profileRun {
	r := &profileRun{h: m.h, zsh: shell == "zsh", path: m.session, vars: map[string]string{
		"UID": "1000", "-": "himBHs", "PS1": "$ ", "BASH": unset, "BASH_VERSION": unset, "ZSH_VERSION": unset,
	}}
	switch shell { // what a profile asks to know who reads it
	case "bash":
		delete(r.vars, "BASH_VERSION")
		r.vars["BASH"], r.vars["BASH_VERSION"] = "/bin/bash", "5"
	case "zsh":
		r.vars["ZSH_VERSION"] = "5"
	}
	if u.home == "" {
		r.vars["HOME"] = "/nonexistent"
		return r
	}
	r.vars["HOME"], r.vars["USER"], r.vars["LOGNAME"], r.vars["UID"] = u.home, u.name, u.name, strconv.Itoa(u.uid)
	if u.uid == 0 {
		r.path = m.root
	}
	return r
}

// system are the shells of a user without files of his own.
func (m *machine) system() []seeker {
	list := m.shellsOf(account{shell: "bash"})
	if exists(m.h, "/bin/zsh") || exists(m.h, "/usr/bin/zsh") {
		list = append(list, m.shellsOf(account{shell: "zsh"})...)
	}
	return list
}

// The kinds of shells.
const (
	loginKind = "login shell"
	shellKind = "shell"
	zshKind   = "zsh"
)

// shellsOf are the shells of u: one for a login, and one that is started from there.
func (m *machine) shellsOf(u account) []seeker {
	if u.shell == "zsh" {
		r := m.run("zsh", u)
		// zsh(1), STARTUP/SHUTDOWN FILES, with Debian's folder. It reads no /etc/profile.
		r.files(u, "/etc/zsh/zshenv", "~/.zshenv", "/etc/zsh/zprofile", "~/.zprofile", "/etc/zsh/zshrc", "~/.zshrc",
			"/etc/zsh/zlogin", "~/.zlogin")
		return []seeker{{name: zshKind, path: r.path, doubts: r.doubts, notes: r.notes}}
	}
	login := m.run(u.shell, u)
	login.files(u, "/etc/profile")
	login.files(u, m.loginFile(u))
	list := []seeker{{name: loginKind, path: login.path, doubts: login.doubts, notes: login.notes}}
	if u.shell == "bash" {
		shell := m.run("bash", u)
		shell.files(u, "/etc/bash.bashrc", "~/.bashrc")
		list = append(list, seeker{name: shellKind, path: shell.path, doubts: shell.doubts, notes: shell.notes})
	}
	return list
}

// loginFile is the file of u that a login shell reads: bash(1) takes the first of three.
func (m *machine) loginFile(u account) string {
	if u.shell == "bash" && u.home != "" {
		for _, name := range []string{"/.bash_profile", "/.bash_login"} {
			if exists(m.h, u.home+name) {
				return "~" + name
			}
		}
	}
	return "~/.profile"
}

// files follows files one after the other. Those of ~ are u's, if he has a home.
func (r *profileRun) files(u account, names ...string) {
	for _, name := range names {
		if rest, ok := strings.CutPrefix(name, "~"); ok {
			if u.home == "" || u.home[0] != '/' || !plain(u.home) {
				continue
			}
			name = u.home + rest
		}
		if r.read(name) == exits {
			return
		}
	}
}
