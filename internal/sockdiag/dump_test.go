package sockdiag

import (
	"encoding/binary"
	"errors"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// message is a netlink message of a kind with a body.
func message(kind, flags uint16, body []byte) []byte {
	b := make([]byte, align(unix.SizeofNlMsghdr+len(body)))
	binary.NativeEndian.PutUint32(b, uint32(unix.SizeofNlMsghdr+len(body)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	binary.NativeEndian.PutUint16(b[6:], flags)
	copy(b[unix.SizeofNlMsghdr:], body)
	return b
}

func TestASocketThatListensIsTold(t *testing.T) {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	request := make([]byte, RequestSize)
	request[0], request[1] = unix.AF_INET, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(request[4:], 1<<10)
	found := 0
	err = Dump(request, func(m []byte) {
		if int(binary.BigEndian.Uint16(m[4:])) == l.Addr().(*net.TCPAddr).Port {
			found++
		}
	})
	if err != nil || found != 1 {
		t.Errorf("the listener was told %d times, %v", found, err)
	}
}

func TestAnAnswerEndsAsTheKernelSays(t *testing.T) {
	body := make([]byte, MessageSize)
	refused := binary.NativeEndian.AppendUint32(nil, uint32(0xffffffff)) // -EPERM
	for name, tc := range map[string]struct {
		answer            []byte
		told              int
		done, interrupted bool
		err               error
	}{
		"more is to come":                  {message(ByFamily, 0, body), 1, false, false, nil},
		"the end":                          {append(message(ByFamily, 0, body), message(unix.NLMSG_DONE, 0, make([]byte, 4))...), 1, true, false, nil},
		"the table changed":                {message(unix.NLMSG_DONE, unix.NLM_F_DUMP_INTR, make([]byte, 4)), 0, true, true, nil},
		"refused":                          {message(unix.NLMSG_ERROR, 0, refused), 0, true, false, syscall.EPERM},
		"refused at the end":               {message(unix.NLMSG_DONE, 0, refused), 0, true, false, syscall.EPERM},
		"a message too short for a socket": {message(ByFamily, 0, body[:MessageSize-1]), 0, false, false, nil},
		"a length beyond the end":          {binary.NativeEndian.AppendUint64(binary.NativeEndian.AppendUint64(nil, 99), 0), 0, false, false, errShort},
	} {
		told := 0
		done, interrupted, err := answers(tc.answer, MessageSize, func([]byte) { told++ })
		if told != tc.told || done != tc.done || interrupted != tc.interrupted || !errors.Is(err, tc.err) {
			t.Errorf("%s: told %d, done %v, interrupted %v, %v", name, told, done, interrupted, err)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add(message(ByFamily, 0, make([]byte, MessageSize+8)))
	f.Add(message(unix.NLMSG_DONE, 0, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = answers(b, MessageSize, func(m []byte) {
			Attributes(m, func(_ uint16, value []byte) {
				if len(value) > len(m) {
					t.Error("an attribute is longer than its message")
				}
			})
		})
	})
}
