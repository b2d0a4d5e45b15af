package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// Judge has the systemd of h say what it thinks of the properties of s, before anything is written: what it does not
// know, or cannot read, is an error, since it would ignore it. notes say what stands beside lines that the unit has by
// itself, by how much the exposure rises, and what could not be found out.
func Judge(ctx context.Context, h host.Host, s Spec) (notes []string, err error) {
	if len(s.Properties) == 0 {
		return nil, nil
	}
	version, err := h.SystemdVersion()
	if err != nil {
		return nil, err
	}
	remarks, err := s.Remarks(version)
	if err != nil {
		return nil, err
	}
	notes = append([]string{fmt.Sprintf("the unit of %s gets %s by -p", s.Name, s.shownProperties())}, remarks...)
	if !h.Live() {
		return append(notes, "whether systemd takes that is not known: an image runs no systemd-analyze"), nil
	}
	units, err := Render(s, version)
	if err != nil {
		return nil, err
	}
	bare := s
	bare.Properties = nil
	plain, err := Render(bare, version)
	if err != nil {
		return nil, err
	}
	said, err := verify(ctx, h, s.Name, units)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return append(notes, "whether systemd takes that is not known: there is no systemd-analyze"), nil
	case err != nil:
		return nil, err
	case said != "":
		return nil, &report.Error{
			Code: "property-refused", Message: fmt.Sprintf("cannot install %s: systemd says of its unit: %s", s.Name, said),
			Hint: "nothing was changed; -p takes NAME=VALUE as a unit file has it, systemd.exec(5), systemd.service(5)",
		}
	}
	before, errBefore := offlineExposure(ctx, h, s.Name, plain)
	after, errAfter := offlineExposure(ctx, h, s.Name, units)
	if errBefore == nil && errAfter == nil && after > before {
		notes = append(notes, fmt.Sprintf("with what -p says the exposure of %s is %.1f and not %.1f of 10 (systemd-analyze security)",
			s.Name, after, before))
	}
	return notes, nil
}

// verify returns what systemd-analyze says of units, "" for nothing. It exits with 0 where it only ignores a line, so what
// it says is what counts, as far as it is about these units.
func verify(ctx context.Context, h host.Host, name string, units []Unit) (said string, err error) {
	var ran *host.ProgramError
	out, err := h.RunProgram(ctx, host.Program{
		Name: "systemd-analyze", Args: []string{"verify", "--man=no", name + ".service"}, Files: texts(units), Both: true,
	})
	if err != nil && !errors.As(err, &ran) {
		return "", err
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if i := strings.Index(line, "/"+name+"."); i >= 0 && strings.HasPrefix(line, "/") {
			line = line[i+1:] // without the folder, which is gone by now
		}
		if strings.HasPrefix(line, name+".") || strings.HasPrefix(line, name+"-twin.") {
			lines = append(lines, line)
		}
	}
	if lines == nil && ran != nil {
		return ran.Error(), nil
	}
	return strings.Join(lines, "; "), nil
}

// offlineExposure is the exposure of a unit that is not installed; systemd before 250 cannot tell.
func offlineExposure(ctx context.Context, h host.Host, name string, units []Unit) (float64, error) {
	out, err := h.RunProgram(ctx, host.Program{
		Name: "systemd-analyze", Args: []string{"security", "--no-pager", "--offline=yes", name + ".service"}, Files: texts(units),
	})
	if err != nil {
		return 0, err
	}
	level, err := parseExposure(string(out))
	if err != nil {
		return 0, err
	}
	return *level, nil
}

func texts(units []Unit) map[string]string {
	files := map[string]string{}
	for _, u := range units {
		files[path.Base(u.Name)] = u.Text
	}
	return files
}
