package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The lists of modules of a kernel of Ubuntu 24.04, and what they may cost.
const (
	moduleFiles   = 6_300  // lines of modules.dep
	moduleAliases = 33_000 // lines of modules.alias, nearly all of them with wildcards
	builtInFiles  = 300    // lines of modules.builtin

	modulesTime   = 1.3 // of the time with short lists
	modulesMemory = 20  // megabytes
)

// compareModules compares the looks at two images that differ in the length of their kernel's lists of modules.
func compareModules(tcptune, fixture string, rounds int) error {
	tcptune, err := filepath.Abs(tcptune)
	if err != nil {
		return err
	}
	var commands []command
	var peaks []float64
	for _, list := range []struct {
		name                    string
		files, aliases, builtIn int
	}{{"short lists", 3, 3, 3}, {"lists as of Ubuntu", moduleFiles, moduleAliases, builtInFiles}} {
		root, err := os.MkdirTemp("", "bench-modules-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(root)
		if err := os.CopyFS(root, os.DirFS(fixture)); err != nil {
			return fmt.Errorf("cannot copy %s: %w", fixture, err)
		}
		if err := writeModules(root, list.files, list.aliases, list.builtIn); err != nil {
			return err
		}
		c := command{name: "status, " + list.name, argv: []string{tcptune, "status", "--root", root}, good: []int{2, 4}}
		peak, err := c.peak()
		if err != nil {
			return err
		}
		commands, peaks = append(commands, c), append(peaks, peak)
	}
	samples, err := measure(commands, rounds)
	if err != nil {
		return err
	}
	modulesTable(os.Stdout, commands, samples, peaks)
	return nil
}

// writeModules replaces the lists of each kernel below root by generated ones.
func writeModules(root string, files, aliases, builtIn int) error {
	kernels, err := filepath.Glob(filepath.Join(root, "usr/lib/modules/*"))
	if err != nil || len(kernels) == 0 {
		return fmt.Errorf("cannot find a kernel below %s", root)
	}
	var dep, alias, built strings.Builder
	for i := range files {
		fmt.Fprintf(&dep, "kernel/drivers/net/ethernet/vendor%d/driver-%d.ko.zst:", i%70, i)
		for need := range i % 4 {
			fmt.Fprintf(&dep, " kernel/drivers/net/ethernet/vendor%d/driver-%d.ko.zst", need, need)
		}
		dep.WriteString("\n")
	}
	dep.WriteString("kernel/net/ipv4/tcp_bbr.ko.zst:\nkernel/net/sched/sch_fq.ko.zst:\n")
	for i := range aliases {
		text := fmt.Sprintf("pci:v0000%04Xd0000%04Xsv*sd*bc*sc*i*", i%4096, i)
		if i%30 == 0 {
			text = fmt.Sprintf("net-pf-%d-proto-%d", i%40, i)
		}
		fmt.Fprintf(&alias, "alias %s driver_%d\n", text, i%6000)
	}
	for i := range builtIn {
		fmt.Fprintf(&built, "kernel/lib/part-%d.ko\n", i)
	}
	for _, kernel := range kernels {
		for name, text := range map[string]string{
			"modules.dep": dep.String(), "modules.alias": alias.String(), "modules.builtin": built.String(),
		} {
			if err := os.WriteFile(filepath.Join(kernel, name), []byte(text), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// modulesTable prints a row for each length of the lists, and what the aims say.
func modulesTable(out io.Writer, commands []command, samples [][]sample, peaks []float64) {
	fmt.Fprintf(out, "\nLists of %d modules and %d aliases; %d rounds, interleaved; milliseconds\n\n",
		moduleFiles, moduleAliases, len(samples[0]))
	fmt.Fprintf(out, "%-28s %8s %8s %7s\n", "", "median", "cpu", "MB")
	var wall []float64
	for i, c := range commands {
		wall = append(wall, median(samples[i], func(s sample) time.Duration { return s.wall }))
		cpu := median(samples[i], func(s sample) time.Duration { return s.cpu })
		fmt.Fprintf(out, "%-28s %8.2f %8.2f %7.1f\n", c.name, wall[i], cpu, peaks[i])
	}
	verdict := func(got, most float64) string {
		if got > most {
			return "MISSED"
		}
		return "met"
	}
	times := wall[1] / wall[0]
	fmt.Fprintf(
		out,
		"\nat most %.1f times the time with short lists: %.2f, %s\n",
		modulesTime,
		times,
		verdict(times, modulesTime),
	)
	fmt.Fprintf(out, "under %d MB: %.1f, %s\n", modulesMemory, peaks[1], verdict(peaks[1], modulesMemory))
}
