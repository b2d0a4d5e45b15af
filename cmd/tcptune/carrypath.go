package main

import (
	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
)

// carryPathCommand is the process that tcptune prove starts for each path.
func carryPathCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      provision.CarryPathCommand,
		Hidden:    true,
		Usage:     "carry the packets of an emulated path, for tcptune prove",
		UsageText: "tcptune " + provision.CarryPathCommand,
		Description: `Reads the shape of the path on standard input, carries packets between the TUN devices that it finds at the descriptors
3 and 4 until that ends, and prints what it measured. It is of no use by itself.

Example:
  cat shape.json | tcptune carry-path`,
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return provision.CarryPath(t.in, t.out)
		},
	}
}
