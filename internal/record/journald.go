package record

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// Where the logs of a system listen.
const (
	journalSocket = "/run/systemd/journal/socket"
	syslogSocket  = "/dev/log"
)

// sendLimit is how long a log may take that has stopped reading, readLimit how long one that is busy, and readPause how
// often it is looked whether it has read.
const (
	sendLimit = time.Second
	readLimit = 5 * time.Second
	readPause = 200 * time.Microsecond
)

// longestText is what is sent of all changes, in bytes: a datagram must fit into the buffer of its socket.
const longestText = 48 << 10

// send makes one entry in the journal of systemd, or in syslog where that is all there is. Where there is neither,
// there is nothing to say.
func send(h host.Host, r report.Record) error {
	err := datagram(h, journalSocket, journalEntry(r), awaitReader)
	if errors.Is(err, errGone) {
		err = datagram(h, syslogSocket, syslogLine(r, time.Now(), os.Getpid()), func(*net.UnixConn) error { return nil })
	}
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}

// datagram sends data to the log that listens at socket, and then waits as it is told to.
func datagram(h host.Host, socket string, data []byte, wait func(*net.UnixConn) error) error {
	fi, err := h.Stat(socket)
	if errors.Is(err, fs.ErrNotExist) || err == nil && fi.Mode()&fs.ModeSocket == 0 {
		return errGone
	}
	if err != nil {
		return err
	}
	dir, err := h.OSPath(path.Dir(socket))
	if err != nil {
		return err
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: path.Join(dir, path.Base(socket))})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(sendLimit)); err != nil {
		return err
	}
	if _, err := conn.Write(data); err != nil {
		return err
	}
	return wait(conn)
}

// awaitReader waits until journald has done all with what was written to conn. It looks up who has sent a message after
// it has read it, and stores what it finds: of a process that has ended, nothing; of one that has meanwhile become the
// program that follows "--", the words that [Hide] took away. journald takes one message after another and ignores one
// that is empty, so that it has done with the first when it has read an empty one after it.
func awaitReader(conn *net.UnixConn) error {
	if _, err := conn.Write(nil); err != nil {
		return err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	for end := time.Now().Add(readLimit); ; time.Sleep(readPause) {
		var unread int
		var failed error
		err := raw.Control(func(fd uintptr) { unread, failed = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
		switch err := cmp.Or(err, failed); {
		case err != nil:
			return err
		case unread == 0:
			return nil
		case time.Now().After(end):
			return fmt.Errorf("it was sent, and has not been read within %v", readLimit)
		}
	}
}

// priority is LOG_NOTICE, syslog(3): normal, and significant.
const priority = 5

// journalEntry is r in the native protocol of the journal, https://systemd.io/JOURNAL_NATIVE_PROTOCOL.
func journalEntry(r report.Record) []byte {
	var b bytes.Buffer
	field := func(name, value string) {
		switch {
		case value == "":
		case strings.Contains(value, "\n"):
			b.WriteString(name + "\n")
			_ = binary.Write(&b, binary.LittleEndian, uint64(len(value))) // to memory
			b.WriteString(value + "\n")
		default:
			b.WriteString(name + "=" + value + "\n")
		}
	}
	field("MESSAGE", Summary(r))
	field("PRIORITY", strconv.Itoa(priority))
	field("SYSLOG_IDENTIFIER", "tcptune")
	field("TCPTUNE_ID", r.ID)
	field("TCPTUNE_COMMAND", r.Command)
	field("TCPTUNE_COMMAND_LINE", r.CommandLine)
	field("TCPTUNE_UID", strconv.Itoa(r.By.UID))
	if r.By.AuditUID != nil {
		field("TCPTUNE_AUDIT_UID", strconv.FormatUint(uint64(*r.By.AuditUID), 10))
	}
	field("TCPTUNE_SUDO_USER", r.By.SudoUser)
	field("TCPTUNE_TERMINAL", r.By.Terminal)
	field("TCPTUNE_UNIT", r.By.Unit)
	field("TCPTUNE_EXIT_CODE", strconv.Itoa(r.ExitCode))
	field("TCPTUNE_ERROR_CODE", r.ErrorCode)
	field("TCPTUNE_VERSION", r.Version)
	field("TCPTUNE_CHANGES", changesText(r))
	return b.Bytes()
}

// changesText is JSON, as in history --json; of many changes those that there is room for.
func changesText(r report.Record) string {
	for list := r.Changes; ; list = list[:len(list)/2] {
		if text, err := json.Marshal(list); err != nil || len(text) <= longestText {
			return string(text)
		}
	}
}

// syslogLine is r as a message of the facility auth, RFC 3164, without its fields, but with what it was about.
func syslogLine(r report.Record, now time.Time, pid int) []byte {
	const auth = 4 << 3
	text := fmt.Sprintf("%s: %s; %s", Summary(r), r.CommandLine, changesText(r))
	text = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, text)
	const longest = 7 << 10 // rsyslog reads 8 KiB
	return fmt.Appendf(nil, "<%d>%s tcptune[%d]: %.*s", auth|priority, now.Format(time.Stamp), pid, longest, text)
}

// Summary is r on one line.
func Summary(r report.Record) string {
	count := len(r.Changes) + r.More
	what := fmt.Sprintf("%d changes", count)
	if count == 1 {
		what = "1 change"
	}
	end := fmt.Sprintf("exit %d", r.ExitCode)
	if r.ErrorCode != "" {
		end += " " + r.ErrorCode
	}
	return fmt.Sprintf("%s by %s: %s, %s [%s]", r.Command, Who(r.By), what, end, r.ID)
}

// Who is an actor in few words: "uid 0, login 1000, sudo alice, /dev/pts/0".
func Who(a report.Actor) string {
	words := []string{fmt.Sprintf("uid %d", a.UID)}
	if a.AuditUID != nil {
		words = append(words, fmt.Sprintf("login %d", *a.AuditUID))
	}
	if a.SudoUser != "" {
		words = append(words, "sudo "+quoted(a.SudoUser))
	}
	for _, w := range []string{a.Terminal, a.Unit} {
		if w != "" {
			words = append(words, quoted(w))
		}
	}
	return strings.Join(words, ", ")
}
