package prove

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/prove/path"
)

// Setting is a value of a key.
type Setting struct{ Key, Value string }

// Side is one of those that are compared.
type Side struct {
	Name     string
	Settings []Setting // in the order in which they are written
}

const congestionControl = "net.ipv4.tcp_congestion_control"

// refusals are the settings that a namespace of a path does not take, with the reason.
type refusals map[string]string

// set gives an end of a path the values of s. What is refused is returned; it is an error where the namespace is not one
// of ours.
func (s Side) set(end *path.End) (refused refusals, err error) {
	refused = refusals{}
	err = end.Do(func() error {
		if err := notOurOwn(); err != nil {
			return err
		}
		for _, k := range s.Settings {
			if reason := setOne(end, k); reason != "" {
				refused[k.Key] = reason
			}
		}
		return nil
	})
	return refused, err
}

// notOurOwn is asked before anything is set: the namespace of this thread must not be that of the process.
func notOurOwn() error {
	h := host.Host{}
	here, err := h.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	own, err := h.Readlink("/proc/self/ns/net")
	if err == nil && here == own {
		err = errors.New("the thread is in the network namespace of the process")
	}
	if err != nil {
		return fmt.Errorf("cannot set values: %w", err)
	}
	return nil
}

// setOne sets a value and reads it back. The reason says why it is not set.
func setOne(end *path.End, s Setting) (reason string) {
	h := host.Host{}
	if s.Key == congestionControl {
		return setCongestion(end, s.Value)
	}
	held, err := h.ReadKnob(s.Key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "a new network namespace does not have the key"
	case err != nil:
		return "it cannot be read: " + host.Cause(err).Error()
	}
	same := func(v string) bool { return slices.Equal(strings.Fields(v), strings.Fields(s.Value)) }
	if same(held) {
		return ""
	}
	if err := h.WriteKnob(s.Key, s.Value); err != nil {
		if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EROFS) {
			return "a network namespace shows the value of the machine, and has none of its own"
		}
		return "a network namespace does not take " + s.Value + ": " + host.Cause(err).Error()
	}
	if now, err := h.ReadKnob(s.Key); err != nil || !same(now) {
		return "a network namespace made " + strings.Join(strings.Fields(now), " ") + " of " + s.Value
	}
	return ""
}

// setCongestion has the sockets of an end ask for an algorithm: a namespace takes as its own only those of
// net.ipv4.tcp_allowed_congestion_control of the machine, and a socket of root all that are loaded (tcp(7)). One that is
// not loaded is not loaded for this either.
func setCongestion(end *path.End, name string) (reason string) {
	loaded, err := host.Host{}.ReadKnob("net.ipv4.tcp_available_congestion_control")
	if err != nil {
		return "the congestion controls that are loaded cannot be read: " + host.Cause(err).Error()
	}
	if !slices.Contains(strings.Fields(loaded), name) {
		return fmt.Sprintf("%s is not loaded, and nothing is loaded for this: modprobe tcp_%s", name, name)
	}
	end.Congestion = name
	return ""
}

// Set gives both ends of a path the values of s, and says what they do not take.
func Set(s Side, p *path.Path) (refused map[string]string, err error) {
	for _, end := range []*path.End{p.Client, p.Server} {
		if refused, err = s.set(end); err != nil {
			break
		}
	}
	return refused, err
}
