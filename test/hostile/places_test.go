package hostile

// place is something that is read, in an image or named on the command line, and the commands that read it. In commands
// IMAGE is the folder of the image, and FILE the file that is named.
type place struct {
	name     string
	file     string // in the image; "" where the command line names it
	with     map[string]string
	commands []string
	texts    []string // what is written there: the names of kinds of texts
}

func places() []place {
	tuned := map[string]string{
		"etc/systemd/system/multi-user.target.wants/tuned.service": "",
		"etc/tuned/active_profile":                                 "x\n",
		"etc/tuned/x/tuned.conf":                                   "[sysctl]\nnet.ipv4.tcp_sack=0\n",
	}
	ufw := map[string]string{"etc/ufw/ufw.conf": "ENABLED=yes\n", "etc/default/ufw": "IPT_SYSCTL=/etc/ufw/sysctl.conf\n"}
	status := []string{"status --root IMAGE"}
	return []place{
		{"a file of sysctl.d", "etc/sysctl.d/60-x.conf", nil, []string{
			"status --root IMAGE", "check --root IMAGE", "explain net.ipv4.tcp_rmem --root IMAGE", "plan --root IMAGE --json", "apply --root IMAGE",
			"lint --root IMAGE", "apply --profile server --retire /etc/sysctl.d/60-x.conf --root IMAGE",
		}, []string{"lines", "keys", "real keys", "globs", "all globs", "exclusions", "braces", "stars", "long key", "escapes", "returns"}},
		{"sysctl.conf", "etc/sysctl.conf", nil, status, []string{"all globs", "real keys"}},
		{"sysctl.d of the vendor", "usr/lib/sysctl.d/60-x.conf", nil, status, nil},
		{"ufw's sysctl.conf", "etc/ufw/sysctl.conf", ufw, status, []string{"all globs", "keys"}},
		{"ufw.conf", "etc/ufw/ufw.conf", nil, status, []string{"lines", "zeros"}},
		{"TuneD's profile", "etc/tuned/x/tuned.conf", tuned, status, []string{"sections", "continued", "lines"}},
		{"TuneD's active profile", "etc/tuned/active_profile", tuned, status, []string{"words"}},
		{"TuneD's main file", "etc/tuned/tuned-main.conf", tuned, status, []string{"excludes"}},
		{"modules-load.d", "etc/modules-load.d/x.conf", nil, status, []string{"keys", "lines"}},
		{"os-release", "etc/os-release", nil, []string{"check --root IMAGE", "plan --root IMAGE"}, []string{"keys", "zeros"}},
		{"dpkg's status", "var/lib/dpkg/status", nil, []string{"check --root IMAGE"}, []string{"lines", "packages", "zeros"}},
		{"dpkg's arch", "var/lib/dpkg/arch", nil, []string{"go list --root IMAGE"}, nil},
		{"modules.dep", "usr/lib/modules/6.8.0-51-generic/modules.dep", nil, []string{"check --root IMAGE"}, []string{"lines", "zeros"}},
		{"modules.alias", "usr/lib/modules/6.8.0-51-generic/modules.alias", nil, []string{"check --root IMAGE"}, []string{"aliases"}},
		{"tcptune.yaml", "etc/tcptune/tcptune.yaml", nil, []string{"plan --root IMAGE", "status --root IMAGE"}, []string{"[", "- ", "a:", "bits"}},
		{
			"a profile", "etc/tcptune/profiles.d/x.yaml", nil,
			[]string{"profile show x --root IMAGE", "profile list --root IMAGE"},
			[]string{"[", "{", "[]", "- ", "? ", ": ", "%", "'", "&a ", "*a ", "!!a ", "---\n", "anchors", "a:", "deeper", "bits"},
		},
		{
			"the journal", "var/lib/tcptune/journal.json", nil,
			[]string{"status --root IMAGE", "revert --root IMAGE", "purge-list --root IMAGE"},
			[]string{"json [", "owned", "zeros"},
		},
		{"the lock of an image", ".tcptune.lock", nil, []string{"apply --root IMAGE"}, nil},
		{"environment", "etc/environment", nil, []string{"go list --root IMAGE"}, []string{"lines"}},
		{"profile.d", "etc/profile.d/x.sh", nil, []string{"go list --root IMAGE"}, []string{"lines", "stars"}},
		{"sudoers", "etc/sudoers", nil, []string{"go list --root IMAGE"}, []string{"lines"}},
		{"a Go's VERSION", "usr/local/go/VERSION", nil, []string{"go list --root IMAGE"}, nil},
		{
			"a file for lint and import", "", nil,
			[]string{"lint FILE", "lint /named --root IMAGE --format sarif", "import FILE --name x --dry-run"},
			[]string{"lines", "keys", "real keys", "globs", "braces", "stars", "long key", "escapes", "returns", "zeros", "sections", "[", "{", "- "},
		},
		{"a saved plan", "", nil, []string{"apply FILE --dry-run --root IMAGE"}, []string{"json [", "changes", "nulls", "options", "zeros"}},
		{"a go.mod", "", nil, []string{"go install --dry-run --from-mod FILE --root IMAGE"}, []string{"lines", "zeros", "requires"}},
		{"a file of certificates", "", nil, []string{"go install 1.99.9 --dry-run --ca-file FILE --root IMAGE"}, []string{"lines", "zeros"}},
		{"a signature", "", nil, []string{"go install --file go1.99.9.linux-amd64.tar.gz --signature FILE --root IMAGE"}, []string{"zeros"}},
		{"a keyring", "", nil, []string{"go install --file go1.99.9.linux-amd64.tar.gz --signature plain --keyring FILE --root IMAGE"}, []string{"zeros", "armor"}},
	}
}
