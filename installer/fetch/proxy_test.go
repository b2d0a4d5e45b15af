package fetch_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tcptune/tcptune/test/mirror"
)

// inProxied names the host and the files for the process that has a proxy in its environment.
const inProxied = "TCPTUNE_INSTALLER_PROXIED"

// net/http reads HTTPS_PROXY once in the life of a process, and never asks a proxy for a loopback address. So this is a
// process of its own, for a host that only the proxy can reach; a server of httptest is example.com by its certificate.
func TestADownloadGoesThroughTheProxyOfTheEnvironment(t *testing.T) {
	s := openShop(t, mirror.Archive{})
	if files := os.Getenv(inProxied); files != "" {
		s.config.CAFile, s.config.Keyring, _ = strings.Cut(files, ",")
		s.config.Base = "https://example.com/dl"
		if _, err := s.install(t, "1.26.3"); err != nil {
			t.Error(err)
		}
		return
	}
	base, err := url.Parse(s.config.Base)
	if err != nil {
		t.Fatal(err)
	}
	tunnels := new(atomic.Int32)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != "example.com:443" {
			t.Errorf("the proxy was asked for %s %s", r.Method, r.Host)
			return
		}
		tunnels.Add(1)
		tunnel(t, w, base.Host)
	}))
	defer proxy.Close()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), inProxied+"="+s.config.CAFile+","+s.config.Keyring, "HTTPS_PROXY="+proxy.URL, "NO_PROXY=", "no_proxy=", "GOCOVERDIR="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if tunnels.Load() == 0 {
		t.Error("the proxy was not asked")
	}
}

// tunnel joins a client that has sent CONNECT to a server.
func tunnel(t *testing.T, w http.ResponseWriter, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer server.Close()
	w.WriteHeader(http.StatusOK)
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer client.Close()
	go func() { _, _ = io.Copy(server, client) }()
	_, _ = io.Copy(client, server)
}
