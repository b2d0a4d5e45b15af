package main

import (
	"context"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/test/mirror"
)

// The rows of the go suite.
const (
	rowFetch   = "tcptune: download, prove, unpack"
	rowByHand  = "curl, then sha256sum, then tar -xz"
	fetchRatio = 1.1 // the aim
	fetchPeak  = 100 // megabytes, likewise
)

// shop is a local mirror with one toolchain.
type shop struct {
	server             *httptest.Server
	base, version, sum string
	size               int // bytes of the archive
}

// compareGo gets the same archive of a whole toolchain, from the same server, in two ways: with all of tcptune's
// checks, and by hand without the signature. Both unpack into memory: ext4 is slow to make files where it has just
// removed some.
func compareGo(tcptune, fixture string, rounds int) error {
	tcptune, errPath := filepath.Abs(tcptune)
	fixture, errFixture := filepath.Abs(fixture)
	if err := errors.Join(errPath, errFixture); err != nil {
		return err
	}
	if err := isolate(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tcptune-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	defer func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }()
	s, err := openShop(dir)
	if err != nil {
		return err
	}
	defer s.server.Close()
	self, err := os.Executable() // to GNU time, /proc/self/exe is GNU time
	if err != nil {
		return err
	}
	commands := []command{
		{name: rowFetch, argv: []string{self, "-fetch", strings.Join([]string{s.base, s.version, dir}, ",")}},
		{name: rowByHand, argv: []string{"sh", "-ec", fmt.Sprintf(
			"cd %s; curl -fsS --cacert ca.pem -o a.tar.gz %s/%s.linux-amd64.tar.gz; echo '%s  a.tar.gz' | sha256sum -c --quiet; mkdir out; tar -xzf a.tar.gz -C out",
			dir,
			s.base,
			s.version,
			s.sum,
		)}},
	}
	clean := func() error { return errors.Join(os.RemoveAll(dir+"/out"), os.RemoveAll(dir+"/a.tar.gz")) }
	samples, peaks := make([][]sample, len(commands)), make([]float64, len(commands))
	for round := range rounds + 1 {
		for _, i := range rand.Perm(len(commands)) {
			one, err := commands[i].time()
			if err = errors.Join(err, clean()); err != nil {
				return err
			}
			if round > 0 { // the first one warms up
				samples[i] = append(samples[i], one)
			}
		}
	}
	for i, c := range commands {
		var err error
		peaks[i], err = c.peak()
		if err = errors.Join(err, clean()); err != nil {
			return err
		}
	}
	goTable(os.Stdout, s.size, commands, samples, peaks)
	return verifyGo(os.Stdout, tcptune, fixture, dir, s, rounds)
}

// openShop packs the Go on PATH and serves it, signed. The folder gets the key and the certificate.
func openShop(dir string) (shop, error) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return shop{}, fmt.Errorf("cannot find a toolchain to serve: %w", err)
	}
	version, err := os.ReadFile(strings.TrimSpace(string(goroot)) + "/VERSION")
	if err != nil {
		return shop{}, err
	}
	data, err := mirror.Pack(strings.TrimSpace(string(goroot)))
	if err != nil {
		return shop{}, err
	}
	key, err := mirror.NewKey(time.Now().Add(-time.Hour), 0)
	if err != nil {
		return shop{}, err
	}
	archive := mirror.Archive{Version: strings.Fields(string(version))[0], Arch: "amd64", Data: data}
	if archive.Signature, err = key.Sign(data, time.Now()); err != nil {
		return shop{}, err
	}
	public, err := key.Public()
	if err != nil {
		return shop{}, err
	}
	server := httptest.NewTLSServer(mirror.Handler(archive))
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := errors.Join(os.WriteFile(dir+"/key.asc", public, 0o600), os.WriteFile(dir+"/ca.pem", ca, 0o600)); err != nil {
		return shop{}, err
	}
	return shop{
		server: server, base: server.URL + "/dl", version: archive.Version, sum: fmt.Sprintf("%x", sha256.Sum256(data)), size: len(data),
	}, nil
}

// fetchGo is tcptune's part, as a process of its own: what "tcptune go install" does before it looks at the host.
func fetchGo(what string) error {
	words := strings.Split(what, ",")
	version, err := fetch.ParseVersion(words[1])
	if err != nil {
		return err
	}
	dir := words[2]
	config := fetch.Config{
		Sources: []string{fetch.Download}, Base: words[0], Keyring: dir + "/key.asc", CAFile: dir + "/ca.pem",
		CacheDir: filepath.Join(dir, "out", "cache"),
	}
	if err := os.Mkdir(dir+"/out", 0o755); err != nil {
		return err
	}
	_, err = config.Fetch(context.Background(), fetch.Resolved{Version: version}, "amd64", dir+"/out/go", nil)
	return err
}

// goTable prints a row for each way, and what the aims say.
func goTable(out io.Writer, size int, commands []command, samples [][]sample, peaks []float64) {
	fmt.Fprintf(
		out,
		"\nA toolchain from a local server, archive of %d MB; %d rounds, interleaved; milliseconds\n\n",
		size>>20,
		len(samples[0]),
	)
	fmt.Fprintf(out, "%-36s %8s %8s %7s\n", "", "median", "cpu", "MB")
	wall := map[string]float64{}
	for i, c := range commands {
		wall[c.name] = median(samples[i], func(s sample) time.Duration { return s.wall })
		cpu := median(samples[i], func(s sample) time.Duration { return s.cpu })
		fmt.Fprintf(out, "%-36s %8.0f %8.0f %7.1f\n", c.name, wall[c.name], cpu, peaks[i])
	}
	verdict := func(met bool) string { return map[bool]string{true: "met", false: "MISSED"}[met] }
	ratio := wall[rowFetch] / wall[rowByHand]
	fmt.Fprintf(out, "\ntime: at most %.2f of that by hand: %.2f, %s\n", fetchRatio, ratio, verdict(ratio <= fetchRatio))
	fmt.Fprintf(out, "memory: under %d MB: %.1f, %s\n", fetchPeak, peaks[0], verdict(peaks[0] < fetchPeak))
}
