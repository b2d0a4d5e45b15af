package vm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// connect waits for the machine to answer with a boot other than the one before, and for its systemd to finish.
func (m *Machine) connect(ctx context.Context, before string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	private, err := os.ReadFile(filepath.Join(m.disk, "key"))
	if err != nil {
		return err
	}
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		return err
	}
	config := &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, Timeout: 20 * time.Second,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // it is a child of ours on the loopback, with a new key
	}
	for {
		err := m.dial(ctx, config, before)
		if err == nil {
			return nil
		}
		if ended := m.power.ended(); ended != nil {
			return errors.Join(ended, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not up after %s: %w", limit, err)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (m *Machine) dial(ctx context.Context, config *ssh.ClientConfig, before string) error {
	addr, _ := m.SSH()
	conn, err := (&net.Dialer{Timeout: config.Timeout}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	// qemu accepts before anybody listens inside: the greeting needs a limit of its own.
	_ = conn.SetDeadline(time.Now().Add(config.Timeout))
	c, channels, requests, err := ssh.NewClientConn(conn, addr, config)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	_ = conn.SetDeadline(time.Time{})
	m.client = ssh.NewClient(c, channels, requests)
	boot, err := m.run(ctx, nil, "cat", "/proc/sys/kernel/random/boot_id")
	if err == nil && boot.Stdout == before {
		err = errors.New("it has not gone down yet")
	}
	if err != nil {
		return errors.Join(err, m.client.Close())
	}
	// The limit is for a signal that is lost: the state is asked anew then.
	state, err := m.run(ctx, nil, "timeout", "30", "systemctl", "is-system-running", "--wait")
	if s := strings.TrimSpace(state.Stdout); err == nil && s != "running" && s != "degraded" {
		jobs, _ := m.run(ctx, nil, "systemctl", "list-jobs", "--no-pager")
		err = errors.Join(fmt.Errorf("systemd says %q and waits for\n%s", s, jobs.Stdout), m.client.Close())
	}
	return err
}
