package whowins

import "github.com/tcptune/tcptune/test/whowins"

// hypothesis is what is held against the real tools: the rules of a tool, and those of the kernel that it writes to.
type hypothesis struct {
	rules
	whowins.KernelRules
}

// judgedKernel is the kernel of this machine, in the network namespace of the sandbox.
type judgedKernel struct{ whowins.Kernel }

func (judgedKernel) Names(p string) []string { return []string{p} }

func (k judgedKernel) Write(p, value string, held func(string) (string, bool)) (Written, bool) {
	made, known := k.Kernel.Write(p, value, held)
	return Written(made), known
}
