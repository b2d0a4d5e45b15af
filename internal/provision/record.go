package provision

import (
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/record"
	"github.com/tcptune/tcptune/internal/report"
)

// end writes down what has become of s, and closes it. What cannot be written is noted in o.
func (s session) end(o *Outcome, err *error) {
	changes := append(plan.Rows(s.Undone), o.Report.Changes[s.recorded:]...)
	if s.Repaired || s.recorded == 0 && o.Report.Changed || record.Made(changes) != nil {
		s.target.record(s.host, s.as, o, changes, *err)
	}
	s.Close()
}

// record writes down one outcome that has changed this machine. An image is not this machine, and gets no log of it.
func (t Target) record(h host.Host, command string, o *Outcome, changes []report.Change, err error) {
	if !h.Live() || !h.IsRoot() {
		return
	}
	o.note(record.Write(h, record.Entry{
		Command: command, Args: t.Args, Version: t.Version, Changes: changes, Code: o.Code, Err: err,
	})...)
}

// HideSecrets returns a copy of args, the words of the command line as the program was given them, and takes from these
// what a record does not show: everybody can read them in /proc.
func HideSecrets(args []string) []string { return record.Hide(args) }

// Record is a change that root has made through tcptune.
type Record = report.Record

// Who is on whose behalf a [Record] was made, in few words.
func Who(r Record) string { return record.Who(r.By) }

// History lists what root has changed through tcptune on this machine, the newest first; with an id, that record alone.
func (t Target) History(id string) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	list, notes, err := record.Read(h)
	if err != nil {
		if !h.IsRoot() {
			return out, needsRoot("read " + record.File)
		}
		return out, err
	}
	out = outcome(notes)
	out.Report.Records = []Record{}
	for _, r := range list {
		if id == "" || r.ID == id {
			out.Report.Records = append(out.Report.Records, r)
		}
	}
	if id != "" && len(out.Report.Records) == 0 {
		return out, &report.Error{
			Code: "no-such-record", Message: "cannot find the record " + id, Hint: "tcptune history lists what there is",
		}
	}
	return out, nil
}
