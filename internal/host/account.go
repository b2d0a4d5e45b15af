package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Account is a user of a host, as passwd(5) and group(5) have it.
type Account struct {
	Name, Home, Shell string
	UID, GID          int
	Groups            []int // the groups besides GID
}

// ErrRoot is returned where a user is needed who is not root.
var ErrRoot = errors.New("root asks, and not a user through sudo")

// Caller is the account that this process works for: who it runs as, or, when that is root, the one that has called
// sudo, whose name sudo hands down in SUDO_USER. It is [ErrRoot] when root itself calls, and fs.ErrNotExist for a user
// whom /etc/passwd does not have.
func (h Host) Caller(sudoUser string) (Account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return h.account(func(a Account) bool { return a.UID == uid })
	}
	if sudoUser == "" {
		return Account{}, ErrRoot
	}
	return h.account(func(a Account) bool { return a.Name == sudoUser })
}

// account is the first account that is meant.
func (h Host) account(meant func(Account) bool) (Account, error) {
	text, err := h.ReadFile("/etc/passwd")
	if err != nil {
		return Account{}, err
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) != 7 {
			continue
		}
		uid, errUID := strconv.ParseUint(f[2], 10, 31)
		gid, errGID := strconv.ParseUint(f[3], 10, 31)
		a := Account{Name: f[0], Home: f[5], Shell: f[6], UID: int(uid), GID: int(gid)}
		switch {
		case errUID != nil || errGID != nil || !meant(a):
			continue
		case a.UID == 0:
			return Account{}, ErrRoot
		}
		a.Groups, err = h.groupsOf(a.Name)
		return a, err
	}
	return Account{}, fmt.Errorf("cannot find the user who asks in /etc/passwd: %w", fs.ErrNotExist)
}

// groupsOf are the groups that name the user as a member.
func (h Host) groupsOf(name string) (list []int, err error) {
	text, err := h.ReadFile("/etc/group")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) != 4 || !slices.Contains(strings.Split(f[3], ","), name) {
			continue
		}
		if gid, err := strconv.ParseUint(f[2], 10, 31); err == nil {
			list = append(list, int(gid))
		}
	}
	return list, nil
}
