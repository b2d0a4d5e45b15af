package diagnosetest

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/prove/path"
)

// take sets a key to the value that was advised.
func (s *stage) take(end *path.End, key string) {
	s.t.Helper()
	for _, a := range s.advice {
		if a.Kind == rules.Key && a.Target == key {
			s.t.Logf("as advised: %s = %s", key, a.Value)
			s.setAt(end, key+" = "+a.Value)
			return
		}
	}
	s.t.Fatalf("%s is not advised: %v", key, s.advice)
}

// settle lets a situation become what it is after a while: windows and rates have found their sizes.
func (s *stage) settle() { time.Sleep(1500 * time.Millisecond) }

// flows waits until something has arrived, where the situation counts that.
func (s *stage) flows() {
	for until := time.Now().Add(10 * time.Second); s.received.Load() == 0 && s.tried.Load() == 0 && time.Now().Before(until); {
		time.Sleep(20 * time.Millisecond)
	}
}

// measure takes a figure over some time.
func (s *stage) measure(figure func(*stage) float64) float64 {
	s.received.Store(0)
	s.tried.Store(0)
	s.quick.Store(0)
	time.Sleep(2 * time.Second)
	return figure(s)
}

// rests reports whether the stage is to go on after a pause.
func (s *stage) rests(d time.Duration) bool {
	time.Sleep(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.ending
}

// dial connects from the client, or gives up after a while.
func (s *stage) dial(patience time.Duration) (*net.TCPConn, error) {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	return s.path.Client.Dial(ctx, s.path.Server, port)
}

// acceptInBursts takes what waits ten times a second, as a program does that works in between. Who was taken gets a byte.
func (s *stage) acceptInBursts() {
	l, err := s.path.Server.Listen(port)
	if err != nil {
		s.t.Fatal(err)
	}
	s.keep(l)
	s.work(func() {
		for s.rests(100 * time.Millisecond) {
			for {
				_ = l.SetDeadline(time.Now().Add(2 * time.Millisecond))
				c, err := l.AcceptTCP()
				if errors.Is(err, os.ErrDeadlineExceeded) {
					break
				}
				if err != nil {
					return
				}
				_, _ = c.Write([]byte{1})
				_ = c.Close()
			}
		}
	})
}

// burstsOfConnections opens sixty at once, again and again, and counts those that are taken soon.
func (s *stage) burstsOfConnections() {
	for s.rests(300 * time.Millisecond) {
		for range 60 {
			s.work(func() {
				s.tried.Add(1)
				began := time.Now()
				c, err := s.dial(3 * time.Second)
				if err != nil {
					return
				}
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(3 * time.Second))
				if _, err := io.ReadFull(c, make([]byte, 1)); err == nil && time.Since(began) < 500*time.Millisecond {
					s.quick.Add(1)
				}
			})
		}
	}
}

// openHalf begins so many handshakes a few at a time, from addresses where nobody answers, and ends none.
func (s *stage) openHalf(n int) {
	s.work(func() {
		_ = s.path.Client.Do(func() error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			to := unix.SockaddrInet4{Addr: [4]byte{198, 18, 0, 2}}
			for i := range n {
				s.tried.Add(1)
				if err := unix.Sendto(fd, syn(byte(10+i%200), uint16(20000+i)), 0, &to); err != nil {
					return err
				}
				time.Sleep(30 * time.Millisecond)
			}
			return nil
		})
	})
}

// syn is a packet that asks for a connection, from an address of the path's network.
func syn(host byte, from uint16) []byte {
	b := make([]byte, 40)
	b[0], b[3], b[8], b[9] = 0x45, 40, 64, unix.IPPROTO_TCP // the kernel fills in the checksum of the header, raw(7)
	copy(b[12:], []byte{198, 18, 0, host, 198, 18, 0, 2})
	tcp := b[20:]
	binary.BigEndian.PutUint16(tcp, from)
	binary.BigEndian.PutUint16(tcp[2:], port)
	tcp[12], tcp[13], tcp[14] = 5<<4, 2, 0xff
	sum := uint32(unix.IPPROTO_TCP + len(tcp))
	for i := 12; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(tcp[16:], ^uint16(sum))
	return b
}

// shortConnections opens one after the other, ten at a time, each of them after a pause.
func (s *stage) shortConnections(pause time.Duration) {
	for range 10 {
		s.work(func() {
			for s.rests(pause) {
				s.tried.Add(1)
				c, err := s.dial(time.Second)
				if err != nil {
					continue
				}
				_ = c.SetDeadline(time.Now().Add(time.Second))
				_, _ = c.Write([]byte("question"))
				_ = c.CloseWrite()
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			}
		})
	}
}

// fill opens connections until there are so many, or no port is left.
func (s *stage) fill(n int) {
	for range n {
		s.tried.Add(1)
		c, err := s.dial(time.Second)
		if errors.Is(err, unix.EADDRNOTAVAIL) {
			return
		}
		if err != nil {
			s.t.Fatal(err)
		}
		s.keep(c)
	}
}

// program is a process that listens at the port of the server until it is ended.
type program struct {
	Files int    // it may have so many descriptors; 0: as it is
	Busy  bool   // it never rests
	Reads string // a file that it reads again and again, in 1 MB a time
}

const beingProgram = "TCPTUNE_TEST_LISTENS"

// program starts one and returns its number.
func (s *stage) program(p program) int {
	s.t.Helper()
	l, err := s.path.Server.Listen(port)
	if err != nil {
		s.t.Fatal(err)
	}
	file, err := l.File()
	if err != nil {
		s.t.Fatal(err)
	}
	_ = l.Close()
	defer file.Close()
	text, err := json.Marshal(p)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), beingProgram+"="+string(text))
	cmd.ExtraFiles, cmd.Stderr = []*os.File{file}, os.Stderr
	alive, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	ready, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.ReadFull(ready, make([]byte, 1)); err != nil {
		s.t.Fatal(err)
	}
	s.keep(ended{cmd, alive})
	return cmd.Process.Pid
}

// ended is a process that ends with its standard input.
type ended struct {
	cmd   *exec.Cmd
	alive io.Closer
}

func (e ended) Close() error {
	_ = e.alive.Close()
	return e.cmd.Wait()
}

// runProgram is that process.
func runProgram(text string) error {
	var p program
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	if p.Files > 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: uint64(p.Files), Max: uint64(p.Files)}); err != nil {
			return err
		}
	}
	l, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		return err
	}
	go func() {
		kept := map[net.Conn]bool{}
		for {
			c, err := l.Accept()
			if err != nil {
				time.Sleep(10 * time.Millisecond)
				continue
			}
			kept[c] = true
		}
	}()
	if p.Busy {
		for range 2 {
			go func() {
				for n := 0; ; n++ { //nolint:revive // it is to do nothing, without a rest
				}
			}()
		}
	}
	if p.Reads != "" {
		go readAgainAndAgain(p.Reads)
	}
	if _, err := os.Stdout.Write([]byte{1}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func readAgainAndAgain(file string) {
	f, err := os.Open(file)
	if err != nil {
		panic(err)
	}
	for b, at := make([]byte, 1<<20), int64(0); ; {
		n, err := f.ReadAt(b, at)
		at += int64(n)
		if errors.Is(err, io.EOF) {
			at = 0
		}
		time.Sleep(time.Millisecond) // it is to come to its limit, not to fill a processor
	}
}
