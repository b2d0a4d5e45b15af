package catalogue

import "fmt"

// NotOnKernelError is returned for a key that a kernel does not have, or does not have any more.
type NotOnKernelError struct {
	Key     string
	Kernel  KernelVersion
	Since   KernelVersion // the first kernel with the key, if Kernel is older
	Removed KernelVersion // the first kernel without it, if Kernel is not older
}

// Error says from or until which kernel the key exists.
func (e *NotOnKernelError) Error() string {
	if e.Removed.Known() {
		return fmt.Sprintf("%s was removed in Linux %s, this is %s", e.Key, e.Removed, e.Kernel)
	}
	return fmt.Sprintf("%s appeared in Linux %s, this is %s", e.Key, e.Since, e.Kernel)
}

// OnKernel returns nil where the kernel v has k, or is unknown, and a [NotOnKernelError] where it does not.
func (k Key) OnKernel(v KernelVersion) error {
	switch {
	case !v.Known():
		return nil
	case v.Less(k.Since):
		return &NotOnKernelError{Key: k.Name, Kernel: v, Since: k.Since}
	case k.Removed.Known() && !v.Less(k.Removed):
		return &NotOnKernelError{Key: k.Name, Kernel: v, Removed: k.Removed}
	}
	return nil
}
