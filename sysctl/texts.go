package sysctl

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/kernel"
	"github.com/tcptune/tcptune/sysctl/lint"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// Texts judges files that set kernel settings: those of a host, and others by what that host knows.
type Texts struct {
	host   host.Host
	reader whowins.Reader
	world  lint.World
}

// ObserveTexts looks at h, once.
func ObserveTexts(h host.Host, cat *catalogue.Catalogue) (t Texts, err error) {
	t.host, t.reader = h, whowins.Once(h)
	f, err := whowins.Observe(t.reader)
	if err != nil {
		return t, err
	}
	var words []string
	for _, set := range f.Settings() {
		words = append(words, set.Value)
	}
	facts, err := kernel.Observe(h, cat, words)
	if err != nil {
		return t, err
	}
	t.world = lint.Of(h, cat, f.Under(facts.AtBoot(), facts.Now()))
	t.world.Facts = facts
	return t, nil
}

// LintHost says what is wrong with the files of the host.
func (t Texts) LintHost() []report.Finding { return lint.Files(t.reader, t.world) }

// Lint says what is wrong with the files that somebody names.
func (t Texts) Lint(files []string, stdin func() ([]byte, error)) ([]report.Finding, error) {
	texts, found, err := t.read(files, stdin)
	for _, j := range lint.Judge(t.world, texts) {
		found = append(found, j.All()...)
	}
	return found, err
}

// FindingKinds are the kinds of findings that there are.
func FindingKinds() []report.FindingKind { return lint.Kinds() }

// standardInput is the name of the file that is standard input.
const standardInput = "-"

// read reads files, of folders those with the suffix .conf. What cannot be read is a finding.
func (t Texts) read(files []string, stdin func() ([]byte, error)) (texts []lint.Text, unread []report.Finding, err error) {
	for _, file := range files {
		if file == standardInput {
			data, err := stdin()
			if err != nil {
				return nil, nil, err
			}
			texts = append(texts, lint.Text{Name: "stdin", Data: data})
			continue
		}
		p, err := t.path(file)
		if err != nil {
			return nil, nil, err
		}
		names := []string{""}
		if fi, err := t.host.Stat(p); err == nil && fi.IsDir() {
			all, err := t.host.ReadDir(p)
			if err != nil {
				unread = append(unread, lint.Unreadable(file, err))
			}
			names = nil
			for _, name := range all {
				if strings.HasSuffix(name, ".conf") {
					names = append(names, name)
				}
			}
		}
		for _, name := range names {
			shown, p := file, path.Join(p, name)
			if name != "" {
				shown = path.Join(file, name)
			}
			data, err := t.host.ReadAtMost(p, host.Bound{Bytes: 2 << 20, Of: "a file of sysctl"})
			if err != nil {
				unread = append(unread, lint.Unreadable(shown, err))
				continue
			}
			texts = append(texts, lint.Text{Name: shown, Data: data, Placed: t.placed(p)})
		}
	}
	return texts, unread, nil
}

// path is where a file is that somebody names: with a root it is one of the image, else as the shell of the caller
// means it.
func (t Texts) path(file string) (string, error) {
	if t.host.Live() {
		return filepath.Abs(file)
	}
	return path.Join("/", file), nil
}

// placed reports whether the tools of the host apply the file at p at boot.
func (t Texts) placed(p string) bool {
	return p == "/etc/sysctl.conf" || path.Base(path.Dir(p)) == "sysctl.d" && t.world.Files.Applied(p)
}
