package service

import (
	"fmt"

	"github.com/tcptune/tcptune/internal/report"
)

// foreign is about what stands in the place of a file of the service and was not written by tcptune; odd says what it
// is, when that is no regular file or link.
func foreign(path, odd string) error {
	if odd == "" {
		odd = "tcptune has no record of having written it"
	}
	return &report.Error{
		Code: "foreign-file", Message: fmt.Sprintf("cannot replace %s: %s", path, odd),
		Hint: "choose another --name, or move " + path + " away",
	}
}

// edited is about a file of the service that was changed since.
func edited(path string) error {
	return &report.Error{
		Code: "edited-file", Message: fmt.Sprintf("cannot replace %s: it was edited since tcptune wrote it", path),
		Hint: "keep settings of your own in a drop-in: move " + path + " away, then systemctl edit",
	}
}

// taken is about a unit of that name that is part of the system.
func taken(unit, fragment string) error {
	return &report.Error{
		Code: "name-taken", Hint: "choose another --name",
		Message: fmt.Sprintf("cannot install %s: a unit of that name is part of the system, in %s", unit, fragment),
	}
}
