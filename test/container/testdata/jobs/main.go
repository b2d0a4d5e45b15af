// Command jobs plays the programs that hold ports in a machine of the tests.
//
//	jobs listen PORT              hold a TCP port
//	jobs store PORT               open a TCP port, give it to systemd to keep, and close it
//	jobs serve                    answer on the socket that systemd passes
//	jobs notify                   echo lines there, as a program that says when it is ready; "who" asks for its pid, $GREETING and reloads
//	jobs say ADDRESS TEXT         connect, send the text, and print what comes back: as much as was sent, or a line
//	jobs supervise AGAIN PROGRAM ARGS, ...   start programs; AGAIN is yes to start one again when it ends
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
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
	case "store":
		return store(args[1])
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

// store leaves the socket to the file descriptor store alone, see sd_pid_notify_with_fds(3).
func store(port string) error {
	l, err := net.Listen("tcp", ":"+port)
	if err != nil {
		return err
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	to := &syscall.SockaddrUnix{Name: os.Getenv("NOTIFY_SOCKET")}
	if err := syscall.Sendmsg(fd, []byte("FDSTORE=1\nREADY=1"), syscall.UnixRights(int(f.Fd())), to, 0); err != nil {
		return err
	}
	if err := errors.Join(f.Close(), l.Close()); err != nil {
		return err
	}
	for {
		time.Sleep(time.Hour)
	}
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
