package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/kernel"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// Of describes h for the judgement of its files, of which f tells who wins; f may be nil. Of the kernel it asks the
// version and its keys, nothing about modules.
func Of(h host.Host, cat *catalogue.Catalogue, f *whowins.Forecaster) World {
	w := World{Catalogue: cat, Files: f}
	if !h.Live() {
		return w
	}
	w.Has = func(key string) bool {
		fi, err := h.Stat(host.KnobPath(key))
		return err == nil && fi.Mode().IsRegular() && !strings.Contains(key, "//")
	}
	w.Hidden = !w.Has("net.core.default_qdisc") || h.InAnotherNetwork()
	if release, err := h.KernelRelease(); err == nil {
		w.Kernel, _ = host.ParseKernelVersion(release)
		w.Facts = kernel.Facts{Catalogue: cat, Live: true, Kernel: w.Kernel}
	}
	return w
}

// Files judges the files of a host that set kernel settings, or look as if they did. What came with a package is not
// judged: nobody but its maintainer could mend it.
func Files(r whowins.Reader, w World) (found []report.Finding) {
	var texts []Text
	notApplied := map[string]string{}
	seen := map[string]bool{}
	add := func(p string) {
		if seen[p] {
			return
		}
		seen[p] = true
		data, err := r.ReadFile(p)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			if fi, serr := r.Stat(p); serr == nil && fi.Mode()&fs.ModeCharDevice != 0 {
				return // a mask
			}
			found = append(found, Unreadable(p, err))
		default:
			texts = append(texts, Text{Name: p, Data: data, Placed: true})
		}
	}
	for _, dir := range []string{"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d"} {
		names, err := r.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			found = append(found, Unreadable(dir, err))
		}
		for _, name := range names {
			p := dir + "/" + name
			if to, err := r.Readlink(p); err == nil && leadsAway(r, p, to) {
				continue // it is judged under its own name, or is a vendor's
			}
			if strings.HasSuffix(name, ".conf") {
				add(p)
			} else if !aside(name) {
				odd(r, p, notApplied)
			}
		}
	}
	for _, p := range []string{"/etc/sysctl.conf", "/etc/ufw/sysctl.conf"} {
		add(p)
	}
	for _, dir := range []string{"/etc/sysctl.conf.d", "/etc/sysctl", "/etc/systemd/sysctl.d", "/etc/sysctld"} {
		names, err := r.ReadDir(dir)
		if err == nil {
			for _, name := range names {
				odd(r, dir+"/"+name, notApplied)
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(notApplied)) {
		add(p)
	}
	judged := Judge(w, texts)
	for i, t := range texts {
		reason := notApplied[t.Name]
		if reason == "" {
			reason = whyNotApplied(t.Name, w.Files)
		}
		if reason != "" && sets(judged[i]) {
			judged[i].Findings = append(judged[i].Findings, finding(whowins.Origin{File: t.Name}, "not-applied", reason,
				"move it to /etc/sysctl.d/70-local.conf, or remove it"))
			if strings.HasPrefix(t.Name, "/etc/ufw/") {
				continue // while ufw is off its file says nothing
			}
		} else if reason == "" {
			overridden(w.Files, judged[i].Lines)
		}
		found = append(found, judged[i].All()...)
	}
	return append(found, problems(w.Files, found)...)
}

// problems is what the tools have against the files besides what is found already.
func problems(f *whowins.Forecaster, found []report.Finding) (more []report.Finding) {
	if f == nil {
		return nil
	}
	for _, p := range f.Problems() {
		named := func(f report.Finding) bool { return f.Target == p.Origin.String() }
		if vendor(p.Origin.File) || slices.ContainsFunc(found, named) {
			continue
		}
		kind := "syntax"
		switch {
		case p.Unread:
			kind = "unreadable"
		case p.Origin.Line == 0:
			kind = "not-applied"
		}
		more = append(more, finding(p.Origin, kind, p.Text, "correct or remove "+p.Origin.String()))
	}
	return more
}

// vendor reports whether a file came with a package and is not the operator's to edit.
func vendor(file string) bool {
	return strings.HasPrefix(file, "/usr/lib/") || strings.HasPrefix(file, "/lib/")
}

// Unreadable is the finding about a file that cannot be read.
func Unreadable(p string, err error) report.Finding {
	fix := "make it a file that can be read"
	if errors.Is(err, fs.ErrPermission) {
		fix = "run it as root"
	}
	return finding(whowins.Origin{File: p}, "unreadable", "cannot read it: "+host.Cause(err).Error()+
		"; what it sets is not known", fix)
}

// leadsAway reports whether the link at p leads out of the folder.
func leadsAway(r whowins.Reader, p, to string) bool {
	if !path.IsAbs(to) {
		to = path.Join(path.Dir(p), to)
	}
	_, err := r.Stat(p)
	return err == nil && path.Dir(to) != path.Dir(p)
}

// aside reports whether a name without the suffix .conf is one that nobody expects to be read.
func aside(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "readme") || strings.HasSuffix(name, "~") ||
		slices.ContainsFunc([]string{
			".conf.", ".bak", ".old", ".orig", ".disabled", ".dpkg-", ".rpm", ".ucf-", ".save", ".sample", ".example", ".before-",
			".md", ".txt",
		}, func(part string) bool { return strings.Contains(name, part) })
}

// odd notes a file that stands where no tool looks.
func odd(r whowins.Reader, p string, notApplied map[string]string) {
	fi, err := r.Stat(p)
	if err != nil || !fi.Mode().IsRegular() {
		if names, err := r.ReadDir(p); err == nil && path.Base(path.Dir(p)) == "sysctl.d" {
			for _, name := range names {
				if strings.HasSuffix(name, ".conf") {
					notApplied[p+"/"+name] = "no tool looks into folders below " + path.Dir(p)
				}
			}
		}
		return
	}
	if dir := path.Dir(p); path.Base(dir) == "sysctl.d" && dir != "/etc/systemd/sysctl.d" {
		notApplied[p] = "its name does not end in .conf, so no tool reads it"
	} else if !aside(path.Base(p)) {
		notApplied[p] = "no tool reads files in " + dir + ": the folder is /etc/sysctl.d"
	}
}

// whyNotApplied says why nothing applies the file at boot, or returns "".
func whyNotApplied(p string, f *whowins.Forecaster) string {
	switch {
	case f == nil || f.Applied(p):
		return ""
	case p == "/etc/sysctl.conf":
		return "systemd does not read /etc/sysctl.conf, and no link in /etc/sysctl.d leads to it: nothing applies it at boot"
	case strings.HasPrefix(p, "/etc/ufw/"):
		return "ufw is not enabled, so nothing applies it"
	case f.Systemd() == 0:
		return ""
	}
	return "nothing applies it at boot: a file of the same name in a higher folder hides it, or systemd-sysctl does not run"
}

// sets reports whether a text has a line that would set something.
func sets(j Judgement) bool {
	return slices.ContainsFunc(j.Lines, func(l Judged) bool { return l.Key != "" })
}

// mostForecasts bounds the keys whose fate is worked out.
const mostForecasts = 300

// overridden names the lines that another file decides against at boot.
func overridden(f *whowins.Forecaster, lines []Judged) {
	if f == nil {
		return
	}
	asked := 0
	for i := range lines {
		one := &lines[i]
		if !one.assigns() || one.Verdict == Bad || asked >= mostForecasts {
			continue
		}
		asked++
		fc := f.Key(one.Key)
		set := fc.Reboot.Set
		if set == nil || set.Origin.File == one.Origin.File || !lost(set, one.Origin) || same(set.Value, one.Value) {
			continue
		}
		one.add("overridden", fmt.Sprintf("%s sets it to %s, and decides", set.Origin, set.Value),
			"remove the line, or set the value there")
		if strings.HasSuffix(set.Origin.File, "tcptune.conf") {
			one.last().Severity = report.Note // that is what it is for
		}
	}
}

// lost reports whether the line at o is among those that have lost against set.
func lost(set *whowins.Setting, o whowins.Origin) bool {
	return slices.ContainsFunc(set.Shadowed, func(s whowins.Setting) bool {
		return s.Origin.Line == o.Line && (s.Origin.File == o.File || s.Origin.Target != "")
	})
}

func same(a, b string) bool { return slices.Equal(strings.Fields(a), strings.Fields(b)) }

// Checks are the findings as check shows them. Who decides against whom is what status is about.
func Checks(found []report.Finding) (checks []report.Check) {
	for _, f := range found {
		if f.Wrong() && f.Kind != "overridden" {
			checks = append(checks, report.Check{
				Name: "sysctl-files", Grade: report.Warn, Value: strings.TrimSpace(f.Target + " " + f.Key), Reason: f.Reason, Fix: f.Fix,
			})
		}
	}
	if checks == nil {
		checks = append(checks, report.Check{
			Name: "sysctl-files", Grade: report.Pass, Value: "no misspelt or removed keys",
			Reason: "the files that set sysctl keys name only keys that exist",
		})
	}
	return checks
}
