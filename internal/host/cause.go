package host

import (
	"errors"
	"io/fs"
	"os"
)

// Cause strips the operations, paths and system calls that package os wraps around an error: the caller has named them
// already, or names them better. An error without any of these, nil too, is returned as it is.
func Cause(err error) error {
	for {
		if of, ok := errors.AsType[*fs.PathError](err); ok {
			err = of.Err
		} else if of, ok := errors.AsType[*os.LinkError](err); ok {
			err = of.Err
		} else if of, ok := errors.AsType[*os.SyscallError](err); ok {
			err = of.Err
		} else {
			return err
		}
	}
}
