package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// notify is a program that does all that sd_notify(3) offers. SIGUSR1 has it forget its watchdog.
func notify() error {
	l, err := net.FileListener(os.NewFile(3, "systemd"))
	if err != nil {
		return err
	}
	systemd, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		return err
	}
	say := func(text string) { _, _ = systemd.Write([]byte(text)) }
	var reloads, stuck atomic.Int64
	if usec, err := strconv.Atoi(os.Getenv("WATCHDOG_USEC")); err == nil {
		go func() {
			for stuck.Load() == 0 {
				say("WATCHDOG=1")
				time.Sleep(time.Duration(usec) * time.Microsecond / 4)
			}
		}()
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGTERM)
	go func() {
		for s := range signals {
			switch s {
			case syscall.SIGHUP:
				reloads.Add(1)
			case syscall.SIGUSR1:
				stuck.Store(1)
			default:
				_ = l.Close()
			}
		}
	}()
	time.Sleep(200 * time.Millisecond) // as a program that reads its data first
	say("READY=1")
	var served sync.WaitGroup
	defer served.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			return nil
		}
		served.Go(func() {
			defer c.Close()
			line, err := bufio.NewReader(c).ReadString('\n')
			switch {
			case err != nil: // who only tries whether it is there
			case line == "who\n":
				fmt.Fprintf(c, "%d %s %d\n", os.Getpid(), os.Getenv("GREETING"), reloads.Load())
			default:
				fmt.Fprint(c, "echo: "+line)
			}
		})
	}
}
