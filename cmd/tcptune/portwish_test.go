package main

import (
	"testing"

	"github.com/urfave/cli/v2"
)

// What is made to be handed to kill(1) must be whole: a list of a part of the holders hits half of a server.
func TestAListOfPidsIsOfAllHolders(t *testing.T) {
	for _, tc := range []struct {
		flag     string
		thorough bool
	}{{"--pids", true}, {"--kill", true}, {"--thorough", true}, {"--tcp", false}} {
		command := portCommand(terminal{})
		command.Action = func(c *cli.Context) error {
			w, err := readPortWish(c)
			if w.Thorough != tc.thorough {
				t.Errorf("%s: looks into every process: %v", tc.flag, w.Thorough)
			}
			return err
		}
		app := cli.App{Commands: []*cli.Command{command}}
		if err := app.Run([]string{"tcptune", "port", tc.flag, "8080"}); err != nil {
			t.Error(err)
		}
	}
}
