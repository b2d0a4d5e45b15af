package provision

import (
	"errors"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// about gives an error of package sysctl the code and the hint with which an operator reads it.
func about(err error) error {
	var (
		foreign    *sysctl.ForeignFileError
		unmet      *sysctl.UnmetError
		unknownKey *catalogue.UnknownKeyError
		removedKey *catalogue.RemovedKeyError
		noProfile  *profile.UnknownError
	)
	var told report.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &foreign):
		told.Code = "foreign-file"
		told.Hint = "move your settings to another file, for instance /etc/sysctl.d/70-local.conf, and remove " + foreign.Path
		if foreign.Edited {
			told.Code = "edited-file"
		}
		if foreign.Odd != nil {
			told.Hint = "if it masks the file of tcptune on purpose, run tcptune revert; else remove it"
		}
	case errors.As(err, &unmet):
		told.Code = "required-key"
	case errors.As(err, &removedKey):
		told.Code = "removed-key"
	case errors.As(err, &unknownKey):
		told.Code = "unknown-key"
	case errors.As(err, &noProfile):
		told.Code, told.Exit, told.Hint = "unknown-profile", report.ExitUsage, "tcptune profile list shows all of them"
	default:
		return err
	}
	told.Message = err.Error()
	return &told
}
