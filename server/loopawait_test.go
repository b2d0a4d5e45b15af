package server

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A loop for which nothing comes soon stops looking before it waits, and finds out when that has changed.
func TestALoopLooksOnlyWhereThatFindsSomething(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Handler: Messages(echo{}), Limits: DefaultLimits(), Engine: Loops})
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLoop(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer l.release()
	settings := *l.settings
	settings.Wake = giveWayTime
	l.settings = &settings
	for range missesMost + 1 {
		if n := l.await(); n != 0 {
			t.Fatalf("%d events of nobody", n)
		}
	}
	if l.misses != missesMost+1 || l.began != l.now {
		t.Errorf("%d looks in vain, begun %d ns ago", l.misses, l.now-l.began)
	}

	// From here on there is something each time.
	one := [8]byte{1}
	always := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(l.bell)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, l.bell, &always); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(l.bell, one[:]); err != nil {
		t.Fatal(err)
	}
	turns := 0
	for ; l.misses > 0 && turns <= missesLook; turns++ {
		if n := l.await(); n != 1 {
			t.Fatalf("%d events", n)
		}
	}
	if want := missesLook - missesMost; turns != want {
		t.Errorf("looked again after %d turns, want %d", turns, want)
	}

	for _, ago := range []time.Duration{beginTime / 2, beginTime} {
		l.gaveWay = l.tell()
		began := l.now - int64(ago)
		l.began = began
		if l.await(); (l.began != began) != (ago == beginTime) {
			t.Errorf("a loop that has just waited, and began %s ago, began anew: %v", ago, l.began != began)
		}
	}
}
