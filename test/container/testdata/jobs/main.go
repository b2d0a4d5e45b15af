// Command jobs plays the programs that hold ports in a machine of the tests.
//
//	jobs listen PORT              hold a TCP port
//	jobs serve                    answer on the socket that systemd passes
//	jobs notify                   echo lines there, as a program that says when it is ready; "who" asks for its pid, $GREETING and reloads
//	jobs say ADDRESS TEXT         connect, send the text, and print what comes back: as much as was sent, or a line
//	jobs supervise AGAIN PROGRAM ARGS, ...   start programs; AGAIN is yes to start one again when it ends
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := play(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "jobs:", err)
		os.Exit(1)
	}
}

func play(args []string) error {
	if filepath.Base(os.Args[0]) == "mute" { // in the place of tcptune-server: it starts, and gives no sensible answer
		return mute()
	}
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
	case "notify":
		return notify()
	case "say":
		return say(args[1], args[2])
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

func mute() error {
	n, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if err != nil {
		return err
	}
	ended := make(chan error)
	for fd := range n {
		l, err := net.FileListener(os.NewFile(uintptr(3+fd), "systemd"))
		if err != nil {
			return err
		}
		go func() { ended <- answer(l) }()
	}
	c, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		return err
	}
	if _, err := c.Write([]byte("READY=1")); err != nil {
		return err
	}
	return <-ended
}

func say(address, text string) error {
	c, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Write([]byte(text)); err != nil {
		return err
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		_, err = io.CopyN(os.Stdout, c, int64(len(text)))
		return err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	fmt.Print(line)
	return err
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
