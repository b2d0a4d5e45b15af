package host

import (
	"os"
	"path"
	"strings"
)

// SudoEnv looks up the environment of the shell that has called sudo, for this process: what sudo was started with, before
// it dropped most of that. Without a sudo among the nearest ancestors, or the right to look, nothing is found.
func (h Host) SudoEnv() func(string) string {
	pid := os.Getpid()
	for range 4 { // sudo may have put a process of its own between
		stat, err := readProcStat(pid)
		if err != nil || stat.parent <= 1 {
			break
		}
		pid = stat.parent
		at := path.Join("/proc", itoa(pid))
		if name, err := h.ReadFile(at + "/comm"); err != nil || strings.TrimSpace(string(name)) != "sudo" {
			continue
		}
		text, err := h.ReadAtMost(at+"/environ", Bound{4 << 20, "an environment"})
		if err != nil {
			break
		}
		words := strings.Split(string(text), "\x00")
		return func(name string) string {
			for _, word := range words {
				if value, ok := strings.CutPrefix(word, name+"="); ok {
					return value
				}
			}
			return ""
		}
	}
	return func(string) string { return "" }
}
