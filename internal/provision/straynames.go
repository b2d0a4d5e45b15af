package provision

import (
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// strayNames are files where an operator configures tcptune under names that it does not read, each with the name that
// it should have: what is declared in them would be passed over in silence. A folder that cannot be listed has none.
func strayNames(h host.Host, j plan.Journal) (notes []string) {
	folder := path.Dir(DeclaredPath)
	for _, beside := range []string{folder + ".yaml", folder + ".yml", folder + ".conf"} {
		if _, err := h.Lstat(beside); err == nil {
			notes = append(notes, beside+" is not read: the declared state is called "+DeclaredPath)
		}
	}
	names, _ := h.ReadDir(folder)
	for _, name := range names {
		p := path.Join(folder, name)
		ours := slices.ContainsFunc(j.Owned, func(o plan.Owned) bool { return o.Target == p })
		if p == DeclaredPath || p == profile.Dir || ours || leftover(name) {
			continue
		}
		notes = append(notes, p+" is not read: "+properName(name))
	}
	names, _ = h.ReadDir(profile.Dir)
	for _, name := range names {
		if leftover(name) || path.Ext(name) == ".yaml" {
			continue
		}
		stem := strings.TrimSuffix(name, path.Ext(name))
		notes = append(
			notes,
			path.Join(profile.Dir, name)+" is not read: a profile is called "+path.Join(profile.Dir, stem+".yaml"),
		)
	}
	return notes
}

// leftover reports whether name is one that editors and dpkg give to what is not meant to be read.
func leftover(name string) bool {
	return name[0] == '.' || strings.HasSuffix(name, "~") || strings.Contains(path.Ext(name), "dpkg-")
}

// properName is what a file in /etc/tcptune should be called.
func properName(name string) string {
	stem, ext := strings.TrimSuffix(name, path.Ext(name)), strings.ToLower(path.Ext(name))
	declared := report.Near(strings.ToLower(stem), []string{"tcptune", "config", "declared"}) != ""
	switch {
	case report.Near(name, []string{"profiles.d", "profiles", "profile"}) != "":
		return "the folder of profiles is called " + profile.Dir
	case declared || ext != ".yaml" && ext != ".yml":
		return "the declared state is called " + DeclaredPath
	}
	return "the declared state is called " + DeclaredPath + ", a profile " + path.Join(profile.Dir, stem+".yaml")
}
