package main

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/docs/completion"
	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/service"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// word is something that can be typed, and what it means.
type word struct{ Name, Usage string }

// vocabulary is the words that may stand for a placeholder, by placeholder.
type vocabulary map[string][]word

// looked are the placeholders whose values the scripts look up on the host, besides the words of the vocabulary.
func looked() []string {
	return append(files(), "DIR", "NETNS", "PROFILE", "SERVICE", "USER", "VERSION")
}

// files are the placeholders of files.
func files() []string { return []string{"FILE", "PLANFILE", "PROGRAM"} }

// free are the placeholders of which nobody can tell the values.
func free() []string {
	return strings.Fields("ADDR BYTES DIGITS DURATION ID INTERFACE KIND LIST N NAME NETWORKS PATH PID PORT PROMISE RATE SHARE TEXT TIME UNIT URL")
}

// learn makes the vocabulary for commands. A placeholder that nothing is known of is an error: it would be completed
// with nothing, or with wrong words, and nobody would notice.
func learn(commands []command) (vocabulary, error) {
	all, err := known()
	if err != nil {
		return nil, err
	}
	v := vocabulary{}
	for _, c := range commands {
		if err := v.add(all, c.Argument); err != nil {
			return nil, fmt.Errorf("tcptune %s: %w", c.Path, err)
		}
		for _, f := range c.Flags {
			if err := v.add(all, f.Value); err != nil {
				return nil, fmt.Errorf("tcptune %s %s: %w", c.Path, f.Names[0], err)
			}
		}
	}
	return v, nil
}

// add makes sure that the values of a placeholder are known. One in small letters lists them: "free|held".
func (v vocabulary) add(known vocabulary, placeholder string) error {
	if known[placeholder] != nil {
		v[placeholder] = known[placeholder]
		return nil
	}
	if placeholder == "" || slices.Contains(slices.Concat(looked(), free()), placeholder) {
		return nil
	}
	if placeholder != strings.ToLower(placeholder) {
		return fmt.Errorf("cannot complete %s: hack/completion does not know what it stands for", placeholder)
	}
	v[placeholder] = words(strings.Split(placeholder, "|"))
	return nil
}

// known is what is compiled into tcptune.
func known() (vocabulary, error) {
	cat, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	congestion, err := cat.Lookup("net.ipv4.tcp_congestion_control")
	if err != nil {
		return nil, err
	}
	v := vocabulary{
		"ALGORITHM":    words(congestion.Words),
		"ARCHITECTURE": words(fetch.Architectures()),
		"LIMIT=VALUE":  words(service.LimitNames()),
		"NETNS":        {{"all", "every network namespace"}},
		"SHELL":        words(completion.Shells()),
		"TARGET":       {{"compare", "hold files of earlier tests against the first"}},
		"SIGNAL":       words(strings.Fields("HUP INT QUIT KILL USR1 USR2 TERM")),
		"TOOLS":        words(installer.ToolNames()),
		"WAYS":         words([]string{fetch.Download, fetch.Module}),
	}
	properties, err := service.PropertyNames()
	if err != nil {
		return nil, err
	}
	v["PROPERTY=VALUE"] = words(properties)
	for _, k := range cat.Keys() {
		v["KEY"] = append(v["KEY"], word{k.Name, sentence(k.Explain)})
	}
	if v["PROFILE"], err = profiles(); err != nil {
		return nil, err
	}
	names, about := provision.ScenarioNames()
	for i, name := range names {
		v["SCENARIO"] = append(v["SCENARIO"], word{name, about[i]})
	}
	v["SIDE"] = append(slices.Clone(v["PROFILE"]), word{provision.HostNow, "the running values of this host"})
	return v, nil
}

// profiles are the built-in ones.
func profiles() (list []word, err error) {
	infos, err := profile.List(emptyHost{})
	for _, i := range infos {
		list = append(list, word{i.Name, i.Summary})
	}
	return list, err
}

// emptyHost has no files, so that the profiles of this machine do not get into the scripts.
type emptyHost struct{}

func (emptyHost) ReadFile(string) ([]byte, error)  { return nil, fs.ErrNotExist }
func (emptyHost) ReadDir(string) ([]string, error) { return nil, fs.ErrNotExist }

func words(names []string) (list []word) {
	for _, n := range names {
		list = append(list, word{Name: n})
	}
	return list
}

// sentence is the first sentence of a text.
func sentence(text string) string {
	first, _, _ := strings.Cut(strings.Join(strings.Fields(text), " "), ". ")
	return strings.TrimSuffix(first, ".")
}
