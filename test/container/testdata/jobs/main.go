// Command jobs plays the programs that hold ports in a machine of the tests.
//
//	jobs listen PORT              hold a TCP port
//	jobs serve                    answer on the socket that systemd passes
//	jobs supervise AGAIN PROGRAM ARGS, ...   start programs; AGAIN is yes to start one again when it ends
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
)

func main() {
	if err := play(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "jobs:", err)
		os.Exit(1)
	}
}

func play(args []string) error {
	switch args[0] {
	case "listen":
		l, err := net.Listen("tcp", ":"+args[1])
		if err != nil {
			return err
		}
		return answer(l)
	case "serve":
		l, err := net.FileListener(os.NewFile(3, "systemd"))
		if err != nil {
			return err
		}
		return answer(l)
	case "supervise":
		ended := make(chan error)
		for job := range slices.Values(split(args[2:])) {
			go func() { ended <- run(job, args[1] == "yes") }()
		}
		for range split(args[2:]) {
			<-ended
		}
		select {} // a supervisor without jobs waits for orders
	}
	return fmt.Errorf("unknown word %q", args[0])
}

func answer(l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		_, _ = c.Write([]byte("here\n"))
		_ = c.Close()
	}
}

// split cuts the words of several programs at ",".
func split(words []string) (jobs [][]string) {
	for {
		i := slices.Index(words, ",")
		if i < 0 {
			return append(jobs, words)
		}
		jobs, words = append(jobs, words[:i]), words[i+1:]
	}
}

func run(job []string, again bool) error {
	for {
		err := exec.Command(job[0], job[1:]...).Run()
		if !again {
			return err
		}
	}
}
