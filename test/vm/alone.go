package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// preamble is what a system without systemd needs before a program can run in it.
const preamble = `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
ip link set lo up
cd /files
`

// Lone is what Alone boots.
type Lone struct {
	Memory int               // MB
	Files  map[string]string // name in the folder of the script: where it is here
	Script string            // of sh
	Fast   bool              // an instruction takes 1 ns and not 2, for what has much to do; everything here takes longer
	Boot   string            // more parameters of the kernel
}

// Alone boots a machine that does nothing but a script, and returns what it printed. There is no systemd, no network and
// one processor, and the clock of the machine is the number of instructions that it has executed (qemu's icount): nothing
// in it is late however busy this machine is, and to wait costs no time. So it is for what measures over time; what it
// says of speed is about that processor.
func Alone(t testing.TB, l Lone) (console string) {
	t.Helper()
	ctx := t.Context()
	if err := possible(); err != nil {
		t.Skip(err)
	}
	disk, err := makeDisk(ctx)
	var no Unavailable
	if errors.As(err, &no) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := workDisk(ctx, dir, l.Files, l.Script); err != nil {
		t.Fatal(err)
	}
	layer := filepath.Join(dir, "layer.qcow2")
	if err := run(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", filepath.Join(disk, "root.img"), layer); err != nil {
		t.Fatal(err)
	}
	shift := map[bool]string{false: "1", true: "0"}[l.Fast]
	q := qemu{cmd: emulator(disk, dir, l.Memory, `root=/dev/vda rw console=ttyS0 panic=-1 loglevel=4 `+l.Boot+` init=/bin/sh -- -c `+
		`"mkdir -p /files; mount -t ext4 /dev/vdb /files; exec /files/init"`,
		"-accel", "tcg,thread=single", "-icount", "shift="+shift+",sleep=off", "-no-reboot",
		"-drive", "if=virtio,format=qcow2,cache=unsafe,file="+layer,
		"-drive", "if=virtio,format=raw,cache=unsafe,file="+filepath.Join(dir, "files.img"))}
	if err := q.start(); err != nil {
		t.Fatal(err)
	}
	defer q.off()
	said := func() string {
		data, _ := os.ReadFile(filepath.Join(dir, "console"))
		_, said, _ := strings.Cut(strings.ReplaceAll(string(data), "\r\n", "\n"), begins)
		return said
	}
	begun := time.Now()
	select {
	case <-ctx.Done():
		t.Fatalf("%v\n%s", context.Cause(ctx), said())
	case <-q.done:
	}
	out, _, ended := strings.Cut(said(), ends)
	if !ended {
		t.Fatalf("the machine did not do it all: %s\n%s", q.errs, out)
	}
	t.Logf("%s here", time.Since(begun).Round(time.Second))
	return out
}

const begins, ends = "-- begins --\n", "-- ends --"

// workDisk makes files.img in dir, with the files and the script as "init".
func workDisk(ctx context.Context, dir string, files map[string]string, script string) error {
	folder := filepath.Join(dir, "files")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	for name, from := range files {
		if err := run(ctx, "cp", from, filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	script = preamble + "echo '" + strings.TrimSpace(begins) + "'\n(\n" + script + "\n) 2>&1\necho \"exit $?\"; echo '" + ends + "'\n" +
		"sync; echo o >/proc/sysrq-trigger; sleep 60\n"
	if err := os.WriteFile(filepath.Join(folder, "init"), []byte(script), 0o755); err != nil {
		return fmt.Errorf("cannot write the script of the machine: %w", err)
	}
	return run(ctx, "mke2fs", "-q", "-t", "ext4", "-d", folder, filepath.Join(dir, "files.img"), "256M")
}
