package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// needsRoot is about a command that only root can run, and says which one would do. to is what root is needed for; "": to
// change this host.
func needsRoot(args []string, to string) error {
	return &report.Error{
		Code: "needs-root", Exit: report.ExitNeedsRoot, Message: "cannot " + cmp.Or(to, "change this host") + " without root",
		Hint: "run: " + asRoot(args),
	}
}

// asRoot is the command to type for running args as root.
func asRoot(args []string) string {
	words := []string{"sudo", "tcptune"}
	for _, a := range args {
		words = append(words, shellWord(a))
	}
	return strings.Join(words, " ")
}

// shellWord is a as one word for a shell.
func shellWord(a string) string {
	if strings.ContainsAny(a, " \t\n'\"\\$`*?[]{}()<>|&;~#!") || a == "" {
		return "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return a
}

// unsupported says what kind of host was found.
func unsupported(reason string) error {
	return &report.Error{
		Code: "unsupported-os", Exit: report.ExitUnsupported, Message: "cannot work on this host: " + reason,
		Hint: "--allow-unsupported proceeds all the same, at your own risk",
	}
}

// told turns an error into what a person and a program read, and the exit code.
func told(err error) report.Error {
	var (
		foreign    *sysctl.ForeignFileError
		unmet      *sysctl.UnmetError
		unknownKey *catalogue.UnknownKeyError
		removedKey *catalogue.RemovedKeyError
		noProfile  *profile.UnknownError
		standing   standingError
		aboutGo    *fetch.Error
	)
	p := report.Describe(err)
	switch {
	case p.Code != "failed":
	case errors.As(err, &foreign):
		p.Code = "foreign-file"
		p.Hint = fmt.Sprintf("move your settings to another file, for instance /etc/sysctl.d/70-local.conf, and remove %s", foreign.Path)
		if foreign.Edited {
			p.Code = "edited-file"
		}
		if foreign.Odd != nil {
			p.Hint = "if it masks the file of tcptune on purpose, run tcptune revert; else remove it"
		}
	case errors.As(err, &aboutGo):
		p.Code, p.Hint = string(aboutGo.Code), aboutGo.Hint
		p.Exit = cmp.Or(map[fetch.Code]int{
			fetch.NoBuild: report.ExitUnsupported, fetch.BadSetting: report.ExitUsage, installer.AptBusy: report.ExitBusy,
		}[aboutGo.Code], p.Exit)
	case errors.As(err, &unmet):
		p.Code = "required-key"
	case errors.As(err, &removedKey):
		p.Code = "removed-key"
	case errors.As(err, &unknownKey):
		p.Code = "unknown-key"
	case errors.As(err, &noProfile):
		p.Code, p.Hint = "unknown-profile", "tcptune profile list shows all of them"
		if !errors.As(err, &standing) {
			p.Exit = report.ExitUsage
		}
	}
	return p
}
