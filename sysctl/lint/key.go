package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// key judges the name of a line's key, and corrects it where what was meant can be told.
func (j *judge) key(one *Judged, t Text) Verdict {
	name := one.Key
	if j.here(name) {
		return Good
	}
	k, err := j.Catalogue.Lookup(name)
	switch {
	case err == nil && strings.Contains(name, "."):
		return j.absent(one, k, t)
	case report.Is(err, catalogue.CodeRemovedKey):
		one.add("removed-key", err.Error(), "remove the line: it has no effect")
		return Gone
	}
	if right, misspelt := j.Catalogue.Misspelt(name); misspelt {
		return j.misspelt(one, right, fmt.Sprintf("%s is a wrong name that circulates", name))
	}
	if right, ok := j.withSlashes(name); ok {
		one.add("interface-dots", fmt.Sprintf("a dot parts the words of a key, so this is no key; a dot within a name is "+
			"written as a slash, sysctl.d(5)"), "write: "+right+" = "+one.Value)
		one.Key, one.Idle = right, true
		return Mended
	}
	if family, which, last, ok := ofInterface(name); ok && j.known(family+".default."+last) {
		if j.Has != nil {
			one.add("absent-interface", "there is no interface "+which+" now; the line counts when one appears before "+
				"systemd-sysctl runs, or udev applies it", "")
		}
		return Good
	}
	if module := whowins.ModuleOf(host.SwapSeparators(name)); module != "" {
		return j.ofModule(one, module, t)
	}
	if j.known(name) {
		return j.unseen(one, t)
	}
	if err == nil { // the last word of one
		return j.misspelt(one, k.Name, fmt.Sprintf("%s is only the last word of a key", name))
	}
	if near := j.near(name); near != "" {
		return j.misspelt(one, near, fmt.Sprintf("there is no key %s", name))
	}
	if j.Has == nil || j.Hidden {
		one.add("unknown-key", fmt.Sprintf("%s is not known, and there is no kernel to ask whether it has such a key", name),
			"check the name on a host that runs: tcptune explain "+name)
		return Unclear
	}
	one.add("unknown-key", fmt.Sprintf("this kernel has no key %s, and no other one is known to have it", name),
		"remove the line: it has no effect")
	return Gone
}

func (j *judge) misspelt(one *Judged, right, why string) Verdict {
	one.add("misspelt-key", why+": did you mean "+right+"?", "write: "+right+" = "+one.Value)
	one.Key, one.Idle = right, true
	return Mended
}

// here reports whether the running kernel has the key.
func (j *judge) here(name string) bool {
	if j.Has == nil {
		return false
	}
	has, asked := j.there[name]
	if !asked {
		has = j.Has(name)
		j.there[name] = has
	}
	return has
}

// known reports whether a kernel has the key, this one or another.
func (j *judge) known(name string) bool {
	if j.here(name) || catalogue.KnownToLinux(name) {
		return true
	}
	_, known := j.Catalogue.Find(name)
	return known
}

// absent judges a key of the catalogue that this kernel does not have, or that nobody can be asked about.
func (j *judge) absent(one *Judged, k catalogue.Key, t Text) Verdict {
	if module := cmp.Or(k.Module, whowins.ModuleOf(host.SwapSeparators(k.Name))); module != "" {
		return j.ofModule(one, module, t)
	}
	if j.Has == nil {
		return Good
	}
	if err := k.OnKernel(j.Kernel); err != nil {
		f := finding(one.Origin, "removed-key", err.Error(), "remove the line: it has no effect here")
		if j.Kernel.Less(k.Since) {
			f.Kind, f.Severity, f.Fix = "absent-key", report.Warning, "update the kernel, or remove the line"
		}
		f.Key, f.Value = one.Key, one.Value
		one.Findings = append(one.Findings, f)
		return Gone
	}
	return j.unseen(one, t)
}

// unseen judges a key that is known to Linux and not there.
func (j *judge) unseen(one *Judged, t Text) Verdict {
	if j.Has == nil {
		return Good
	}
	why := "this kernel does not have it: it was made without, or the release is too old or too new"
	if j.Hidden {
		why = "it cannot be seen from this container or network namespace"
	}
	one.add("absent-key", why, "")
	if !t.Placed {
		one.last().Severity = report.Note // the text may be for another host
	}
	return Good
}

// ofModule judges a key that comes with a module.
func (j *judge) ofModule(one *Judged, module string, t Text) Verdict {
	switch {
	case j.here(one.Key):
		return Good
	case t.Placed && j.Files != nil && j.Files.LateModule(one.Key) == "":
		return Good
	}
	one.add("missing-module", fmt.Sprintf("the key comes with module %s: where that is not loaded before systemd-sysctl "+
		"runs, the line does nothing", module), "echo "+module+" >/etc/modules-load.d/"+module+".conf")
	if !t.Placed {
		one.last().Severity = report.Note
	}
	return Good
}

// withSlashes is the key with the dots of an interface's name written as slashes.
func (j *judge) withSlashes(name string) (right string, ok bool) {
	words := strings.Split(name, ".")
	if len(words) < 6 || words[0] != "net" || words[2] != "conf" && words[2] != "neigh" {
		return "", false
	}
	family, last := strings.Join(words[:3], "."), words[len(words)-1]
	if !j.known(family + ".default." + last) {
		return "", false
	}
	return family + "." + strings.Join(words[3:len(words)-1], "/") + "." + last, true
}

// ofInterface takes the key of one interface apart: "net.ipv4.conf", "eth0", "rp_filter".
func ofInterface(name string) (family, which, last string, ok bool) {
	words := strings.Split(name, ".")
	if len(words) != 5 || words[0] != "net" || words[2] != "conf" && words[2] != "neigh" {
		return "", "", "", false
	}
	return strings.Join(words[:3], "."), words[3], words[4], true
}

// near is the key that name was probably meant to be.
func (j *judge) near(name string) string {
	if right := catalogue.NearInLinux(name); right != "" {
		return right
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	for _, k := range j.Catalogue.Names() {
		if strings.HasSuffix(k, "."+last) {
			return k
		}
	}
	return ""
}

// keyLike reports whether s has the form of a key.
func keyLike(s string) bool {
	return s != "" && !slices.ContainsFunc([]rune(s), func(r rune) bool {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return false
		}
		return !strings.ContainsRune("._-/*?[]{},!^@:+~\\", r)
	}) && !strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "[")
}
