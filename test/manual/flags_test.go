package manual

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// topics returns for each page the commands whose synopsis it has.
func topics(t *testing.T) map[string]map[string]command {
	t.Helper()
	all := commands(t)
	about := map[string]map[string]command{}
	for page, roff := range pages(t, pagesDir) {
		about[page] = map[string]command{}
		_, synopsis, _ := strings.Cut(plain(roff), ".SH SYNOPSIS")
		synopsis, _, _ = strings.Cut(synopsis, "\n.SH ")
		for name, c := range all {
			if regexp.MustCompile(`(?m)^tcptune ` + name + `\b`).MatchString(synopsis) {
				about[page][name] = c
			}
		}
	}
	return about
}

// describes reports whether a page has a list with an item about a flag.
func describes(roff, flag string) bool {
	return regexp.MustCompile(`(?m)^\.TP\n--` + flag + `\b`).MatchString(plain(roff))
}

func TestEveryFlagOfEveryCommandIsDescribed(t *testing.T) {
	roff := pages(t, pagesDir)
	described := map[string]bool{}
	for page, about := range topics(t) {
		for name, c := range about {
			described[name] = true
			for _, f := range c.Flags {
				if !describes(roff[page], f.Name) {
					t.Errorf("%s does not describe --%s of %s", page, f.Name, name)
				}
			}
		}
	}
	for name, c := range commands(t) {
		if len(c.Commands) == 0 && !described[name] {
			t.Errorf("no page has the synopsis of tcptune %s", name)
		}
	}
	for _, flag := range serverFlags(t) {
		if !describes(roff["tcptune-server.8"], flag) {
			t.Errorf("tcptune-server.8 does not describe --%s", flag)
		}
	}
}

// serverFlags are those of tcptune-server, without dashes.
func serverFlags(t *testing.T) (flags []string) {
	t.Helper()
	help := output(t, "go", "run", "../../cmd/tcptune-server", "--help")
	for _, m := range regexp.MustCompile(`(?m)^  -([a-z-]+)`).FindAllStringSubmatch(help, -1) {
		flags = append(flags, m[1])
	}
	if !slices.Contains(flags, "listen") {
		t.Fatalf("tcptune-server --help lists %v", flags)
	}
	return flags
}

// A flag that a page speaks of is one of the commands that the page is about, or of the command that stands before it.
func TestEveryFlagThatAPageSpeaksOfExists(t *testing.T) {
	roff, all, ofServer := pages(t, pagesDir), commands(t), serverFlags(t)
	for page, about := range topics(t) {
		if (len(about) == 0 || page == "tcptune.8") && page != "tcptune-server.8" { // it speaks of all commands
			about = map[string]command{"plan": all["plan"], "apply": all["apply"], "status": all["status"], "port": all["port"]}
		}
		for line := range strings.Lines(plain(roff[page])) {
			for _, at := range regexp.MustCompile(`(?:^|[\s[(|])--([a-z][a-z0-9-]*)`).FindAllStringSubmatchIndex(line, -1) {
				flag, before := line[at[2]:at[3]], line[:at[2]]
				switch {
				case flag == "help", flag == "version":
				case flag == "system" && strings.HasSuffix(before, "sysctl --"):
				case strings.Contains(before, " -- "): // of a program that is run
				case page == "tcptune-server.8" && slices.Contains(ofServer, flag):
				case takes(about, flag, ""), takes(all, flag, before):
				default:
					t.Errorf("%s: there is no --%s: %s", page, flag, strings.TrimSpace(line))
				}
			}
		}
	}
}

// takes reports whether one of the commands has a flag, of those that are called in the text before it, if there is
// one.
func takes(list map[string]command, flag, before string) bool {
	for name, c := range list {
		if c.has(flag) && (before == "" || strings.Contains(before, "tcptune "+name+" ")) {
			return true
		}
	}
	return false
}
