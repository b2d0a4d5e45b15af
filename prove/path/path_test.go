package path_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/prove/path"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == path.Command {
		if err := path.Carry(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(waiting) != "" {
		if _, err := path.New(path.Shape{RTT: time.Millisecond}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("made")
		select {}
	}
	os.Exit(m.Run())
}

// waiting in the environment makes this program one that makes a path and waits.
const waiting = "TCPTUNE_TEST_MAKES_A_PATH"

// What is left of a process that was killed is only what it has started, and that ends by itself.
func TestNothingIsLeftOfAPathWhoseProcessIsKilled(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), waiting+"=1")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		_, err = io.ReadFull(out, make([]byte, len("made")))
	}
	if err != nil {
		t.Fatal(err)
	}
	var carriers []string
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", cmd.Process.Pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		carriers = append(carriers, strings.Fields(string(text))...)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if len(carriers) != 1 {
		t.Fatalf("the path has the processes %v, want one", carriers)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, err := os.ReadFile("/proc/" + carriers[0] + "/stat")
		if err != nil || strings.Contains(string(status), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %s goes on", carriers[0])
		}
	}
}

func newPath(t *testing.T, s path.Shape) *path.Path {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	p, err := path.New(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = p.Close() })
	return p
}

// connect returns both ends of a connection over p.
func connect(t *testing.T, p *path.Path) (client *net.TCPConn, server net.Conn) {
	t.Helper()
	l, err := p.Server.Listen(7)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = p.Client.Dial(t.Context(), p.Server, 7); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	return client, server
}

func TestWhatIsSentArrivesWholeOverAPathThatLosesAndReorders(t *testing.T) {
	p := newPath(t, path.Shape{
		RTT: 10 * time.Millisecond, Jitter: time.Millisecond, Loss: 0.01, Reorder: 0.02, Rate: 500e6, Queue: 1 << 20, Seed: 3,
	})
	client, server := connect(t, p)
	const size = 8 << 20
	sent, got := sha256.New(), sha256.New()
	go func() {
		_, _ = io.Copy(io.MultiWriter(client, sent), io.LimitReader(rand.NewChaCha8([32]byte{}), size))
		_ = client.CloseWrite()
	}()
	n, err := io.Copy(got, server)
	if err != nil || n != size || string(got.Sum(nil)) != string(sent.Sum(nil)) {
		t.Fatalf("%d of %d bytes, and others than were sent: %v", n, size, err)
	}
	m, err := p.Close()
	if err != nil || m.Packets < size/1500 || m.Overtook == 0 || m.Lost == 0 {
		t.Errorf("measured %+v, %v", m, err)
	}
}

func TestTheKernelMeasuresTheRoundTripTimeOfThePath(t *testing.T) {
	const rtt = 50 * time.Millisecond
	p := newPath(t, path.Shape{RTT: rtt, Rate: 100e6, Seed: 1})
	client, server := connect(t, p)
	buf := make([]byte, 1)
	for range 5 {
		_, err := client.Write(buf)
		_, err2 := io.ReadFull(server, buf)
		_, err3 := server.Write(buf)
		_, err4 := io.ReadFull(client, buf)
		if err := errors.Join(err, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := client.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	_ = raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if err != nil {
		t.Fatal(err)
	}
	if got := time.Duration(info.Min_rtt) * time.Microsecond; got < rtt || got > rtt+rtt/5 {
		t.Errorf("the kernel measured %s, want %s", got, rtt)
	}
	m, err := p.Close()
	if err != nil || m.Delay < rtt || m.Delay > rtt+rtt/5 {
		t.Errorf("the path measured %+v, %v, want a delay of %s", m, err, rtt)
	}
}

func TestNothingOfTheMachineIsTouchedAndNothingIsLeft(t *testing.T) {
	look := func() (all string) {
		for _, file := range []string{"/proc/net/dev", "/proc/sys/net/ipv4/tcp_fin_timeout", "/proc/sys/net/core/somaxconn"} {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all += fmt.Sprint(len(text), " ") // counters of interfaces move
		}
		own, err := os.Readlink("/proc/self/ns/net")
		if err != nil {
			t.Fatal(err)
		}
		return all + own
	}
	before := look()
	p := newPath(t, path.Shape{RTT: time.Millisecond})
	var inside string
	err := p.Client.Do(func() (err error) {
		inside, err = os.Readlink("/proc/thread-self/ns/net")
		return errors.Join(err, os.WriteFile("/proc/sys/net/ipv4/tcp_fin_timeout", []byte("7"), 0))
	})
	if own, _ := os.Readlink("/proc/self/ns/net"); err != nil || inside == own {
		t.Fatalf("the end is in %s, as we are: %v", inside, err)
	}
	if now := look(); now != before {
		t.Errorf("while there is a path: %s, before %s", now, before)
	}
	if _, err := p.Close(); err != nil {
		t.Fatal(err)
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, th := range threads {
		if ns, _ := os.Readlink("/proc/self/task/" + th.Name() + "/ns/net"); ns == inside {
			t.Errorf("thread %s is still in the namespace of the path", th.Name())
		}
	}
}
