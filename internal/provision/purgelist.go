package provision

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
)

// purgeFolders are the only ones in which a purge deletes. debian/tcptune.postrm has them as well, as a second lock.
func purgeFolders() []string {
	return []string{"/etc/sysctl.d", "/etc/modules-load.d", "/etc/systemd/system", "/etc/tcptune"}
}

// PurgeList is the text that tells a purge of the package what it may delete. While an apply waits for its
// confirmation, runs or was interrupted, there is none.
func (t Target) PurgeList() (string, error) {
	h, err := t.host()
	if err != nil {
		return "", err
	}
	if plan.Busy(h) {
		return "", plan.ErrBusy
	}
	j, err := plan.ReadJournal(h)
	switch {
	case err != nil:
		return "", err
	case j.Rebuilt():
		return "", &report.Error{
			Code: plan.Damaged, Message: "cannot tell what a purge may delete: " + j.Interrupted(),
			Hint: "tcptune apply or tcptune revert makes the journal anew",
		}
	case j.Pending != nil:
		return "", &report.Error{
			Code: "interrupted", Exit: report.ExitBusy, Message: "cannot start: " + j.Pending.Command + " was interrupted",
			Hint: "tcptune apply undoes what it left and tunes anew, tcptune revert takes everything back",
		}
	case j.Window != nil:
		return "", plan.ErrWindowOpen
	}
	keep, err := keepOnPurge(h, j)
	if err != nil {
		return "", err
	}
	proof, err := journalProof(h)
	if err != nil {
		return "", err
	}
	return purgeText(proof, j.Remnants(purgeFolders(), keep)), nil
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

// packaged reports whether a program is the server of the package, whose folder may have a second name: /bin is a link
// to /usr/bin. The server itself may be gone already.
func packaged(h host.Host, program string) bool {
	dir, err := h.Resolve(path.Dir(program))
	return program == PackagedServer || err == nil && path.Join(dir, path.Base(program)) == PackagedServer
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

func purgeText(journal string, list []plan.Remnant) string {
	var w strings.Builder
	fmt.Fprintf(&w, "tcptune-purge/1\n")
	if journal != "" {
		fmt.Fprintf(&w, "journal\t%s\t%s\n", journal, plan.JournalPath)
	}
	for _, r := range list {
		switch {
		case r.Kept != "" && r.Kind == report.Folder: // whose ever it is, an empty folder does no harm
		case r.Kept != "":
			fmt.Fprintf(&w, "keep\t%s\t%q\n", r.Kept, r.Target)
		case r.Kind == report.Folder:
			fmt.Fprintf(&w, "folder\t-\t%s\n", r.Target)
		default:
			fmt.Fprintf(&w, "%s\t%s\t%s\n", r.Kind, r.Proof, r.Target)
		}
	}
	fmt.Fprintf(&w, "end\n")
	return w.String()
}
