package catalogue

import "github.com/tcptune/tcptune/internal/host"

// KernelVersion is the version that decides which keys and defaults a kernel has. The zero value stands for an unknown
// kernel, or, in the catalogue, for "before all kernels that it speaks of".
type KernelVersion = host.KernelVersion
