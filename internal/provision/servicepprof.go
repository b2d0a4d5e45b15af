package provision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
)

// ProfileKinds are the profiles that [Target.ServiceProfile] fetches.
func ProfileKinds() []string { return service.ProfileKinds() }

// ServiceProfile fetches a profile of the bundled server called name into a file, or to standard output for "-".
func (t Target) ServiceProfile(ctx context.Context, name, kind string, lasts time.Duration, file string) (size int, err error) {
	h, err := t.host()
	if err != nil {
		return 0, err
	}
	j, _, err := recall(h)
	if err != nil {
		return 0, err
	}
	spec, err := findService(j, name)
	if err != nil {
		return 0, err
	}
	if len(spec.Exec) > 0 {
		return 0, fmt.Errorf("cannot get a profile of %s: it is a program of your own", name)
	}
	var profile bytes.Buffer
	err = service.Profile(ctx, service.AdminSocket(name), kind, lasts, &profile)
	switch {
	case errors.Is(err, unix.EACCES):
		return 0, needsRoot("get a profile")
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED):
		return 0, &report.Error{
			Message: err.Error(), Hint: fmt.Sprintf("sudo systemctl start %s-admin.socket %s.service", name, name),
		}
	case err != nil:
		return 0, err
	}
	return profile.Len(), t.write("save the profile", file, profile.Bytes(), 0o600)
}
