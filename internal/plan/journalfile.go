package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// The formats of a journal: journalFormat is what is written. The first one had no number and no checksum.
const (
	journalFormat = 2
	firstFormat   = 1
	schemaPrefix  = "tcptune-journal/v"
)

// ReadJournal returns the journal of h, an empty one when there is none. Of one that is torn it is the former copy,
// which [Journal.Interrupted] says. It takes no lock and changes nothing.
func ReadJournal(h host.Host) (Journal, error) {
	j, err := readJournalAt(h, JournalPath)
	if !report.Is(err, Damaged) {
		return j, err
	}
	former, formerErr := readJournalAt(h, formerPath)
	switch {
	case report.Is(formerErr, Newer):
		return Journal{}, formerErr
	case formerErr != nil || former.Schema == "":
		return Journal{}, err
	}
	former.lost = errors.Unwrap(err).Error()
	return former, nil
}

func readJournalAt(h host.Host, p string) (Journal, error) {
	data, err := h.ReadFile(p)
	if errors.Is(err, fs.ErrNotExist) {
		return Journal{}, nil
	}
	if err != nil {
		return Journal{}, fmt.Errorf("cannot read the journal: %w", err)
	}
	return parseJournal(data)
}

func parseJournal(data []byte) (Journal, error) {
	var head struct {
		Schema    string `json:"schema"`
		WrittenBy string `json:"written_by"`
	}
	if len(data) == 0 {
		return Journal{}, damaged(errors.New("it is empty"))
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Journal{}, damaged(err)
	}
	version, known := strings.CutPrefix(head.Schema, schemaPrefix)
	format, err := strconv.Atoi(version)
	switch {
	case !known || err != nil || format < firstFormat:
		return Journal{}, damaged(fmt.Errorf("its schema is %q", head.Schema))
	case format > journalFormat:
		return Journal{}, newer(head.WrittenBy)
	}
	var j Journal
	strict := strictJSON(data, &j)
	if format > firstFormat && checksum(data, j.SHA256) != j.SHA256 {
		return Journal{}, damaged(errors.New("its checksum is another one"))
	}
	switch {
	case strict != nil && format > firstFormat: // it is as it was written, so it was not by this program
		return Journal{}, newer(head.WrittenBy)
	case strict != nil:
		return Journal{}, damaged(strict)
	case !j.understood():
		return Journal{}, newer(head.WrittenBy)
	}
	return j, nil
}

// checksum is that of a journal that has sum in it.
func checksum(data []byte, sum string) string {
	return fmt.Sprintf("%x", sha256.Sum256(bytes.Replace(data, []byte(sum), nil, 1)))
}

// understood reports whether this program can undo every kind of change in j.
func (j Journal) understood() bool {
	kinds := []report.Kind{
		report.Knob, report.File, report.Folder, report.Module, report.Qdisc, report.Link, report.Unit, report.Tree, report.Switch,
		report.Retired,
	}
	var refs []Ref
	for _, o := range j.Owned {
		refs = append(refs, o.Ref())
	}
	if j.Pending != nil {
		refs = append(refs, refsOf(j.Pending.Changes)...)
		if then := j.Pending.Then; then != nil && !then.understood() {
			return false
		}
	}
	if j.Window != nil {
		refs = append(refs, refsOf(slices.Concat(j.Window.Live, j.Window.Persistent))...)
	}
	return !slices.ContainsFunc(refs, func(r Ref) bool { return !slices.Contains(kinds, r.Kind) })
}

func refsOf(records []record) (refs []Ref) {
	for _, r := range records {
		refs = append(refs, r.Ref())
	}
	return refs
}

// encode is the text of j, with its checksum.
func (j Journal) encode() ([]byte, error) {
	j.Schema = schemaPrefix + strconv.Itoa(journalFormat)
	j.SHA256 = strings.Repeat("0", 2*sha256.Size)
	if j.Owned == nil {
		j.Owned = []Owned{}
	}
	data, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return nil, err
	}
	data = append(data, '\n')
	return bytes.Replace(data, []byte(j.SHA256), []byte(checksum(data, j.SHA256)), 1), nil
}

// writeJournal replaces the journal, durably, before it returns, and before that the copy by the former one. The first
// journal, which has none, is its own. An empty journal is no file at all, so that a host that was reverted is as it
// was.
func writeJournal(h host.Host, former, j Journal) error {
	if j.empty() {
		return removeJournal(h)
	}
	if former.empty() {
		former = j
	}
	if err := h.MkdirAll(path.Dir(JournalPath)); err != nil {
		return fmt.Errorf("cannot write the journal: %w", err)
	}
	for _, file := range []struct {
		path string
		of   Journal
	}{{formerPath, former}, {JournalPath, j}} {
		data, err := file.of.encode()
		if err == nil {
			err = h.WriteFile(file.path, data, 0o644)
		}
		if err != nil {
			return fmt.Errorf("cannot write the journal: %w", err)
		}
	}
	return nil
}

// tidyJournal removes what a killed command may have left beside the journal, and a copy without its journal.
func tidyJournal(h host.Host, j Journal) error {
	if !j.empty() {
		return errors.Join(h.RemoveTemp(formerPath), h.RemoveTemp(JournalPath))
	}
	if err := removeJournal(h); err != nil {
		return err
	}
	return removeStateFolder(h)
}

// removeJournal begins with the copy: without its journal it would be all that a reverted host holds of ours.
func removeJournal(h host.Host) error {
	for _, p := range []string{formerPath, JournalPath} {
		err := h.RemoveTemp(p)
		if _, gone := h.Lstat(p); err == nil && !errors.Is(gone, fs.ErrNotExist) {
			err = h.Remove(p)
		}
		if err != nil {
			return fmt.Errorf("cannot remove the journal: %w", err)
		}
	}
	return nil
}

// removeStateFolder removes the folder of the journal once that is gone, unless something else lives there, or a link
// of the operator's leads to it.
func removeStateFolder(h host.Host) error {
	dir := path.Dir(JournalPath)
	if fi, err := h.Lstat(dir); err != nil || !fi.IsDir() {
		return nil
	}
	if names, err := h.ReadDir(dir); err != nil || len(names) > 0 {
		return nil
	}
	err := h.Remove(dir)
	if errors.Is(err, unix.EBUSY) {
		return nil // something is mounted there: it is not ours to remove, and holds nothing of ours
	}
	if _, gone := h.Lstat(dir); err != nil && !errors.Is(gone, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove the empty folder %s: %w", dir, host.Cause(err))
	}
	return nil
}
