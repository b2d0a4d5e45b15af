package path_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
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
		if _, err := path.New(path.Shape{RTT: time.Millisecond, Kind: path.TUN}); err != nil {
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
	maker, carrier := makePathElsewhere(t)
	_ = maker.Process.Kill()
	_ = maker.Wait()
	ends(t, carrier)
}

// Where it cannot end by itself, it is found; one whose maker is still there is not.
func TestWhatIsLeftOfAKilledProcessIsFound(t *testing.T) {
	_, kept := makePathElsewhere(t)
	standardInput, open, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	starts := exec.Command("sh", "-c", `"$0" `+path.Command+` <&3 >/dev/null 2>&1 & echo $!`, os.Args[0])
	starts.ExtraFiles = []*os.File{standardInput}
	out, err := starts.Output()
	_ = standardInput.Close()
	if err != nil {
		t.Fatal(err)
	}
	left, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	found := abandoned(t)
	for deadline := time.Now().Add(10 * time.Second); !slices.Contains(found, left) && time.Now().Before(deadline); {
		found = abandoned(t) // until the shell has become the program
	}
	if !slices.Contains(found, left) || slices.Contains(found, kept) {
		t.Errorf("found %v, want %d and not %d, whose maker is there", found, left, kept)
	}
	_ = open.Close()
	ends(t, left)
}

func abandoned(t *testing.T) (pids []int) {
	t.Helper()
	list, err := host.Host{}.Abandoned(path.Command)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		pids = append(pids, p.Pid())
		_ = p.Close()
	}
	return pids
}

// makePathElsewhere starts a process that makes a path, and returns that and the one that carries its packets.
func makePathElsewhere(t *testing.T) (maker *exec.Cmd, carrier int) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	maker = exec.Command("/proc/self/exe")
	maker.Env = append(os.Environ(), waiting+"=1")
	out, err := maker.StdoutPipe()
	if err == nil {
		err = maker.Start()
	}
	if err == nil {
		t.Cleanup(func() { _ = maker.Process.Kill(); _ = maker.Wait() })
		_, err = io.ReadFull(out, make([]byte, len("made")))
	}
	if err != nil {
		t.Fatal(err)
	}
	var carriers []string
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", maker.Process.Pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		carriers = append(carriers, strings.Fields(string(text))...)
	}
	if len(carriers) != 1 {
		t.Fatalf("the path has the processes %v, want one", carriers)
	}
	carrier, err = strconv.Atoi(carriers[0])
	if err != nil {
		t.Fatal(err)
	}
	return maker, carrier
}

// ends waits for the end of a process.
func ends(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(status), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d goes on", pid)
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

// ofBothKinds runs a test on a path of each kind that this kernel has.
func ofBothKinds(t *testing.T, s path.Shape, test func(t *testing.T, p *path.Path)) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	for _, kind := range []string{path.Netem, path.TUN} {
		t.Run(kind, func(t *testing.T) {
			s.Kind = kind
			p, err := path.New(s)
			if err != nil {
				t.Skip(err)
			}
			t.Cleanup(func() { _, _ = p.Close() })
			test(t, p)
		})
	}
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

// It arrives whole, and in the pieces that a network has: the share of what is lost is that of packets, where one in
// twenty of segments of 64 KiB would be a tenth of it.
func TestWhatIsSentArrivesWholeOverAPathThatLoses(t *testing.T) {
	s := path.Shape{RTT: 10 * time.Millisecond, Loss: 0.01, Burst: 2, Rate: 500e6, Queue: 1 << 20, Seed: 3}
	ofBothKinds(t, s, func(t *testing.T, p *path.Path) {
		m := arrivesWhole(t, p)
		if math.Abs(m.Lost-s.Loss) > 0.006 {
			t.Errorf("%.2f %% of %d packets were lost, want 1 %%", 100*m.Lost, m.Packets)
		}
	})
}

func TestWhatIsSentArrivesWholeWherePacketsOvertakeOthers(t *testing.T) {
	ofBothKinds(t, path.Shape{RTT: 10 * time.Millisecond, Reorder: 0.02, Seed: 3}, func(t *testing.T, p *path.Path) {
		arrivesWhole(t, p)
	})
	p := newPath(t, path.Shape{RTT: 10 * time.Millisecond, Jitter: time.Millisecond, Reorder: 0.02, Rate: 500e6, Queue: 1 << 20, Seed: 3})
	if arrivesWhole(t, p); p.Kind != path.TUN || !strings.Contains(p.NotNetem, "jitter") {
		t.Errorf("a path with jitter is of kind %s (%s)", p.Kind, p.NotNetem)
	}
}

func arrivesWhole(t *testing.T, p *path.Path) path.Measured {
	t.Helper()
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
	if info := tcpInfo(t, server.(*net.TCPConn)); info.Rcv_ooopack == 0 {
		t.Error("all packets came in their order")
	}
	m, err := p.Close()
	if err != nil || m.Packets < size/1500 {
		t.Errorf("measured %+v, %v", m, err)
	}
	return m
}

func tcpInfo(t *testing.T, c *net.TCPConn) (info *unix.TCPInfo) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err == nil {
		controlled := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
		err = errors.Join(err, controlled)
	}
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestTheKernelMeasuresTheRoundTripTimeOfThePath(t *testing.T) {
	const rtt = 50 * time.Millisecond
	ofBothKinds(t, path.Shape{RTT: rtt, Rate: 100e6, Seed: 1}, func(t *testing.T, p *path.Path) { measuresRoundTrips(t, p, rtt) })
}

func measuresRoundTrips(t *testing.T, p *path.Path, rtt time.Duration) {
	t.Helper()
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
	info := tcpInfo(t, client)
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
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) { // a thread needs a moment to end
		left := ""
		threads, _ := filepath.Glob("/proc/self/task/*/ns/net")
		for _, th := range threads {
			if ns, _ := os.Readlink(th); ns == inside {
				left = th
			}
		}
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still in the namespace of the path", left)
		}
	}
}
