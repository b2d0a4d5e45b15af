package main

import (
	"io"

	"github.com/urfave/cli/v2"
)

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
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	list, err := target.PurgeList()
	return outcome{asked: true, text: func(w io.Writer) { printf(w, "%s", shown(list)) }}, err
}
