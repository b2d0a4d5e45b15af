package container

import (
	"embed"
	"fmt"
)

//go:embed osrelease
var osReleases embed.FS

// OSRelease is what /etc/os-release of that Ubuntu release says. It is a stand-in: the userland below it stays what it
// is.
func OSRelease(version string) (string, error) {
	text, err := osReleases.ReadFile("osrelease/" + version)
	if err != nil {
		return "", fmt.Errorf("no os-release of Ubuntu %s to present", version)
	}
	return string(text), nil
}
