package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// inScript is set in the environment of scripts. Tests in namespaces of their own may be root.
const inScript = "TCPTUNE_TEST_SCRIPT"

// harmless is tcptune. Where it would be root on the machine itself, from a script, it is nobody.
func harmless() {
	aboutAnImage := func(a string) bool { return a == "--root" || strings.HasPrefix(a, "--root=") }
	if os.Getenv(inScript) != "" && os.Geteuid() == 0 && !slices.ContainsFunc(os.Args, aboutAnImage) {
		becomeNobody(os.Args)
	}
	main()
}

// asNobody runs tcptune with the arguments that follow its name, as a user without any privilege.
func asNobody() { becomeNobody(os.Args[1:]) }

// becomeNobody runs args as a user without any privilege. It becomes tcptune by execve(2) of itself: the folder that
// holds this program may be closed to that user, the open file is not.
func becomeNobody(args []string) {
	self, err := unix.Open("/proc/self/exe", unix.O_RDONLY, 0)
	if err != nil {
		giveUp(err)
	}
	if os.Geteuid() == 0 {
		const nobody = 65534
		err = errors.Join(syscall.Setgroups(nil), syscall.Setresgid(nobody, nobody, nobody), syscall.Setresuid(nobody, nobody, nobody))
	}
	if err == nil {
		err = syscall.Exec(fmt.Sprintf("/proc/self/fd/%d", self), args, os.Environ())
	}
	giveUp(err)
}

// onTerminal runs its arguments with a terminal of its own as standard output, and passes on what arrives there.
func onTerminal() {
	primary, secondary, err := openTerminal()
	if err != nil {
		giveUp(err)
	}
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdout, cmd.Stderr = secondary, os.Stderr
	if err := cmd.Start(); err != nil {
		giveUp(err)
	}
	_ = secondary.Close()
	var out strings.Builder
	_, _ = io.Copy(&out, primary) // ends with EIO when the last user of the other side is gone
	err = cmd.Wait()
	fmt.Print(strings.ReplaceAll(out.String(), "\r\n", "\n"))
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	case err != nil:
		giveUp(err)
	}
}

// openTerminal opens a pair of pseudo-terminals, see pty(7).
func openTerminal() (primary, secondary *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	primary = os.NewFile(uintptr(fd), "/dev/ptmx")
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, err
	}
	secondary, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	return primary, secondary, err
}

func giveUp(err error) {
	fmt.Fprintf(os.Stderr, "stand-in: %v\n", err)
	os.Exit(125)
}
