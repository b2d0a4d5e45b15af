package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/service"
)

// purgeFolders are the only ones in which a purge deletes. debian/tcptune.postrm has them as well, as a second lock.
func purgeFolders() []string {
	return []string{"/etc/sysctl.d", "/etc/modules-load.d", "/etc/systemd/system", "/etc/tcptune"}
}

// purgeListCommand is for the package only: at the time of a purge there is no program any more that could read the
// journal, so debian/tcptune.prerm has the list written while there is one.
func purgeListCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "purge-list",
		Hidden:    true,
		Usage:     "print what a purge of the package may delete, for its maintainer scripts",
		UsageText: "tcptune purge-list [--root DIR]",
		Description: `Prints a line for each thing on disk that tcptune owns, with tabs between the fields: "file SHA256 PATH",
"link TEXT PATH", "folder - PATH", or "keep REASON PATH" for what a purge leaves. The first line is "tcptune-purge/1",
the last one "end"; "journal SHA256 PATH" says of which journal the list is true. While an apply waits for its confirmation, runs or was interrupted, there is no list (exit 75).

Example:
  tcptune purge-list --root /mnt/image`,
		Flags:  []cli.Flag{rootFlag()},
		Action: t.action(t.purgeList),
	}
}

func (t terminal) purgeList(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	h, err := hostOf(c)
	if err != nil {
		return outcome{}, err
	}
	if plan.Busy(c.Context, h) {
		return outcome{}, plan.ErrBusy
	}
	j, err := plan.ReadJournal(h)
	switch {
	case err != nil:
		return outcome{}, err
	case j.Pending != nil:
		return outcome{}, &report.Error{
			Code: "interrupted", Exit: report.ExitBusy, Message: "cannot start: " + j.Pending.Command + " was interrupted",
			Hint: "tcptune apply undoes what it left and tunes anew, tcptune revert takes everything back",
		}
	case j.Window != nil:
		return outcome{}, plan.ErrWindowOpen
	}
	keep, err := keepOnPurge(h, j)
	if err != nil {
		return outcome{}, err
	}
	list := j.Remnants(purgeFolders(), keep)
	proof, err := journalProof(h)
	if err != nil {
		return outcome{}, err
	}
	return outcome{report: envelope(nil, nil), text: func(w io.Writer) { writePurgeList(w, proof, list) }}, nil
}

// journalProof is the SHA-256 of the journal in hexadecimal, "" where there is none.
func journalProof(h host.Host) (string, error) {
	data, err := h.ReadFile(plan.JournalPath)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return fmt.Sprintf("%x", sha256.Sum256(data)), err
}

// keepOnPurge says why what a source of changes has wanted stays: it is no part of the package.
func keepOnPurge(h host.Host, j plan.Journal) (func(source string) string, error) {
	specs, err := service.Installed(j)
	if err != nil {
		return nil, err
	}
	return func(source string) string {
		name, isService := strings.CutPrefix(source, service.Sources+" ")
		if !isService {
			return ""
		}
		for _, s := range specs {
			switch {
			case s.Name != name:
			case packaged(h, s.Program):
				return replacedBy(h, name)
			case s.Program != "":
				return fmt.Sprintf("part of the service %s, which runs %s", name, s.Program)
			default:
				return fmt.Sprintf("part of the service %s, a program of yours", name)
			}
		}
		return fmt.Sprintf("part of the service %s, of which nothing is known", name)
	}, nil
}

// packaged reports whether a program is the server of the package, whose folder may have a second name: /bin is a link to
// /usr/bin. The server itself may be gone already.
func packaged(h host.Host, program string) bool {
	dir, err := h.Resolve(path.Dir(program))
	return program == packagedServer || err == nil && path.Join(dir, path.Base(program)) == packagedServer
}

// replacedBy says why a service of the bundled server stays: a drop-in of the operator has it run another program.
func replacedBy(h host.Host, name string) string {
	folder := "/etc/systemd/system/" + name + ".service.d"
	files, err := h.ReadDir(folder)
	if err != nil {
		return ""
	}
	for _, file := range files {
		text, err := h.ReadFile(path.Join(folder, file))
		if err != nil || path.Ext(file) != ".conf" {
			continue
		}
		for line := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(line, "=")
			words := strings.Fields(strings.TrimLeft(value, " \t@-:+!|"))
			if strings.TrimSpace(key) == "ExecStart" && len(words) > 0 && !packaged(h, words[0]) {
				return fmt.Sprintf("part of the service %s, which runs %s by a drop-in", name, words[0])
			}
		}
	}
	return ""
}

func writePurgeList(w io.Writer, journal string, list []plan.Remnant) {
	printf(w, "tcptune-purge/1\n")
	if journal != "" {
		printf(w, "journal\t%s\t%s\n", journal, plan.JournalPath)
	}
	for _, r := range list {
		switch {
		case r.Kept != "" && r.Kind == report.Folder: // whose ever it is, an empty folder does no harm
		case r.Kept != "":
			printf(w, "keep\t%s\t%q\n", r.Kept, r.Target)
		case r.Kind == report.Folder:
			printf(w, "folder\t-\t%s\n", r.Target)
		default:
			printf(w, "%s\t%s\t%s\n", r.Kind, r.Proof, r.Target)
		}
	}
	printf(w, "end\n")
}
