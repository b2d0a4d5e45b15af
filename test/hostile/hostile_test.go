package hostile

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"
)

// The aim for each input. Time is that of the processor: how long the machine lets a process wait is not its doing.
const (
	mostTime   = time.Second
	mostMemory = 64 << 20
)

// patience ends what waits for ever.
const patience = time.Minute

// codes are the exit codes that tcptune has. Go's own runtime ends with 2 as well, which its stderr tells apart.
var codes = []int{0, 1, 2, 4, 5, 64, 75, 77}

// row is one input and what it cost.
type row struct {
	place, input, command string
	code                  int
	time                  time.Duration
	memory                int64 // bytes
}

func TestNoInputCostsMoreThanASecondOr64MB(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes devices")
	}
	program := filepath.Join(t.TempDir(), "tcptune")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/tcptune")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build tcptune: %v\n%s", err, text)
	}
	var rows []row
	var adding sync.Mutex
	t.Run("input", func(t *testing.T) {
		for _, p := range places() {
			for _, command := range p.commands {
				t.Run(p.name, func(t *testing.T) {
					t.Parallel()
					of := p.inputs(t, program, command)
					adding.Lock()
					defer adding.Unlock()
					rows = append(rows, of...)
				})
			}
		}
	})
	if len(rows) < 200 {
		t.Errorf("%d inputs were tried, want 200", len(rows))
	}
	slices.SortFunc(rows, func(a, b row) int { return int(b.memory - a.memory) })
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\texit %d\t%d ms\t%.1f MB\n", r.place, r.input, r.command, r.code, r.time.Milliseconds(), float64(r.memory)/1e6)
	}
	_ = w.Flush()
	t.Logf("%d inputs\n%s", len(rows), table.String())
}

// inputs tries all things and texts in one place.
func (p place) inputs(t *testing.T, program, command string) (rows []row) {
	t.Helper()
	try := func(input string, put func(file string) error) {
		image, file := p.image(t)
		if err := put(file); err != nil {
			t.Fatalf("%s, %s: %v", p.name, input, err)
		}
		opened := watch(t, file)
		r, said := run(t, program, image, strings.NewReplacer("IMAGE", image, "FILE", file).Replace(command))
		r.place, r.input, r.command = p.name, input, command
		rows = append(rows, r)
		switch {
		case opened():
			t.Errorf("%s, %s, %s: it was opened", p.name, input, command)
		case !slices.Contains(codes, r.code) || bytes.Contains(said, []byte("goroutine ")):
			t.Errorf("%s, %s, %s: exit code %d: %.300s", p.name, input, command, r.code, said)
		case r.time > mostTime || r.memory > mostMemory:
			t.Errorf("%s, %s, %s: took %v and %d MB", p.name, input, command, r.time, r.memory>>20)
		}
		if err := os.RemoveAll(image); err != nil {
			t.Error(err)
		}
	}
	for _, thing := range things() {
		try(thing.name, func(file string) error { return thing.make(t, file) })
	}
	for _, kind := range p.texts {
		for _, text := range text(kind) {
			try(fmt.Sprintf("%q, %d bytes", kind, len(text)), func(file string) error { return os.WriteFile(file, []byte(text), 0o644) })
		}
	}
	return rows
}

// image is a new image, in which nothing stands in the place yet.
func (p place) image(t *testing.T) (image, file string) {
	t.Helper()
	image = filepath.Join(t.TempDir(), "image")
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.CopyFS(image, os.DirFS("../fixtures/ubuntu-24.04")))
	write := func(name, text string) {
		must(os.MkdirAll(filepath.Dir(filepath.Join(image, name)), 0o755))
		must(os.WriteFile(filepath.Join(image, name), []byte(text), 0o644))
	}
	for name, text := range p.with {
		write(name, text)
	}
	for _, name := range []string{"plain", "go1.99.9.linux-amd64.tar.gz"} {
		write(name, "plain\n")
	}
	file = filepath.Join(image, "named")
	if p.file != "" {
		file = filepath.Join(image, p.file)
	}
	must(os.MkdirAll(filepath.Dir(file), 0o755))
	must(os.RemoveAll(file))
	return image, file
}

// run runs the program as a child, in the image, and measures it.
func run(t *testing.T, program, image, command string) (r row, said []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, strings.Fields(command)...)
	cmd.Dir = image
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GOPROXY=off", "GOFLAGS=-mod=mod"}
	var out bytes.Buffer
	cmd.Stderr = &out
	_ = cmd.Run()
	if ctx.Err() != nil {
		t.Errorf("%s: not done after %v", command, patience)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("the kernel does not tell what a process has used")
	}
	r.code = cmd.ProcessState.ExitCode()
	r.time = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	r.memory = usage.Maxrss << 10
	return r, out.Bytes()
}
