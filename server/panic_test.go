package server

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
)

// moody is a Line that some words upset.
type moody struct{ line }

func (m moody) Handle(out, in []byte) (Step, error) {
	switch {
	case bytes.HasPrefix(in, []byte("panic")):
		panic("moody")
	case bytes.HasPrefix(in, []byte("nonsense")):
		return Step{Consumed: len(in) + 1}, nil
	case bytes.HasPrefix(in, []byte("bad")):
		return Step{Out: append(out, "error: bad\n"...), Consumed: len(in)}, errors.New("bad")
	}
	return m.line.Handle(out, in)
}

func (m moody) ServeConn(_ context.Context, c net.Conn) error {
	b := make([]byte, 100)
	for {
		n, err := c.Read(b)
		if err != nil {
			return nil
		}
		step, err := m.Handle(nil, b[:n])
		if err != nil {
			return err
		}
		if _, err := c.Write(step.Out); err != nil {
			return err
		}
	}
}

func TestAPanicEndsItsConnectionOnly(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]Config{
		"MessageHandler": {Handler: Messages(moody{line{100}})},
		"StreamHandler":  {Handler: moody{line{100}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, config)
			other := r.dial()
			other.ask("hello")
			for range 3 {
				c := r.dial()
				c.ask("hello")
				c.say("panic\n")
				c.isCut()
			}
			r.ended(Panicked, 3)
			other.ask("still here")
			r.serves()
			if log := r.log.String(); strings.Count(log, "panic=moody") != 3 || !strings.Contains(log, "panic_test.go") {
				t.Errorf("the log does not say what happened:\n%s", log)
			}
		})
	}
}

func TestAHandlerThatConsumesMoreThanThereIsEndsItsConnectionOnly(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Handler: Messages(moody{line{100}})})
	c := r.dial()
	c.say("nonsense\n")
	c.isCut()
	r.ended(Panicked, 1)
	if log := r.log.String(); !strings.Contains(log, "consumed 10 of 9 bytes") {
		t.Errorf("the log does not say what happened:\n%s", log)
	}
	r.serves()
}

func TestTheAnswerToABadMessageArrives(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Handler: Messages(moody{line{100}})})
	c := r.dial()
	c.say("bad\n")
	c.ends("error: bad\n")
	r.ended(BadMessage, 1)
	r.serves()
}
