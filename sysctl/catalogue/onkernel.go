package catalogue

import "fmt"

// OnKernel returns nil where the kernel v has k, or is unknown, and where it does not an error that says from or until
// which kernel the key exists.
func (k Key) OnKernel(v KernelVersion) error {
	switch {
	case !v.Known():
		return nil
	case v.Less(k.Since):
		return fmt.Errorf("%s appeared in Linux %s, this is %s", k.Name, k.Since, v)
	case k.Removed.Known() && !v.Less(k.Removed):
		return fmt.Errorf("%s was removed in Linux %s, this is %s", k.Name, k.Removed, v)
	}
	return nil
}
