package ephemeral

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
)

// image is a host with these files.
func image(t *testing.T, files map[string]string) host.Host {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		p := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h, err := host.At(root)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestNodePortsAreThoseThatTheClusterIsConfiguredFor(t *testing.T) {
	const kubelet, k3s, manifest = "/usr/bin/kubelet", "/usr/local/bin/k3s", "/etc/kubernetes/manifests/kube-apiserver.yaml"
	for name, test := range map[string]struct {
		files map[string]string
		want  string // ranges and the places that name them
	}{
		"no Kubernetes":                {map[string]string{"/usr/bin/docker": ""}, ""},
		"a node without an API server": {map[string]string{kubelet: ""}, "30000-32767 the default"},
		"an API server that is told nothing": {
			map[string]string{kubelet: "", manifest: "spec:\n  - kube-apiserver\n"}, "30000-32767 the default",
		},
		"a static pod": {
			map[string]string{kubelet: "", manifest: "spec:\n    - --service-node-port-range=20000-22767\n"},
			"20000-22767 " + manifest + ":2",
		},
		"a static pod with the value apart": {
			map[string]string{kubelet: "", manifest: "    - --service-node-port-range\n    - --x\n    - \"--service-node-port-range=1-2\"\n"},
			"1-2 " + manifest + ":3",
		},
		"a static pod with the value in the next item": {
			map[string]string{kubelet: "", manifest: "    - --service-node-port-range\n    - 1-2\n"}, "1-2 " + manifest + ":2",
		},
		"a size": {map[string]string{kubelet: "", manifest: "- --service-node-port-range=40000+99"}, "40000-40099 " + manifest + ":1"},
		"a comment": {
			map[string]string{kubelet: "", manifest: "#- --service-node-port-range=1-2\n - x # --service-node-port-range=1-2\n"},
			"30000-32767 the default",
		},
		"no range": {map[string]string{kubelet: "", manifest: "- --service-node-port-range=9-70000\n"}, "30000-32767 the default"},
		"k3s, its file": {
			map[string]string{k3s: "", "/etc/rancher/k3s/config.yaml": "service-node-port-range: \"10000-10999\"\n"},
			"10000-10999 /etc/rancher/k3s/config.yaml:1",
		},
		"k3s, an argument of the API server in a further file": {
			map[string]string{
				k3s: "", "/etc/rancher/k3s/config.yaml.d/10-x.yaml": "kube-apiserver-arg:\n- service-node-port-range=10000-10999\n",
			},
			"10000-10999 /etc/rancher/k3s/config.yaml.d/10-x.yaml:2",
		},
		"k3s, its unit": {
			map[string]string{
				k3s: "", "/etc/systemd/system/k3s.service": "ExecStart=/usr/local/bin/k3s \\\n  server \\\n\t'--service-node-port-range' \\\n\t'10000-10999' \\\n",
			},
			"10000-10999 /etc/systemd/system/k3s.service:4",
		},
		"k3s, its unit in one word": {
			map[string]string{
				k3s: "", "/etc/systemd/system/k3s.service": "ExecStart=/usr/local/bin/k3s server '--service-node-port-range=10000-10999'\n",
			},
			"10000-10999 /etc/systemd/system/k3s.service:1",
		},
		"rke2": {
			map[string]string{"/usr/local/bin/rke2": "", "/etc/rancher/rke2/config.yaml": "service-node-port-range: 10000-10999\n"},
			"10000-10999 /etc/rancher/rke2/config.yaml:1",
		},
		"k0s": {
			map[string]string{
				"/usr/local/bin/k0s": "", "/etc/k0s/k0s.yaml": "spec:\n  api:\n    extraArgs:\n      service-node-port-range: \"10000-10999\"\n",
			},
			"10000-10999 /etc/k0s/k0s.yaml:4",
		},
		"microk8s": {
			map[string]string{"/var/snap/microk8s/current/args/kube-apiserver": "--service-node-port-range=10000-10999\n"},
			"10000-10999 /var/snap/microk8s/current/args/kube-apiserver:1",
		},
		"two of them": {
			map[string]string{k3s: "", kubelet: "", "/etc/rancher/k3s/config.yaml": "service-node-port-range: 1-9\n"},
			"30000-32767 the default, 1-9 /etc/rancher/k3s/config.yaml:1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range NodePorts(image(t, test.files)) {
				source, _, _ := strings.Cut(strings.TrimPrefix(r.By, "NodePorts of Kubernetes, "), ",")
				got = append(got, r.Ports()+" "+source)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, ", ")); diff != "" {
				t.Error("-want +got:", diff)
			}
		})
	}
}

// closed is a host whose files are root's alone.
type closed struct{ host.Host }

func (closed) ReadFile(p string) ([]byte, error) {
	return nil, &fs.PathError{Op: "open", Path: p, Err: fs.ErrPermission}
}

func TestARangeThatCannotBeReadIsSaidToBeTheDefaultForThatReason(t *testing.T) {
	h := closed{image(t, map[string]string{"/etc/kubernetes/manifests/kube-apiserver.yaml": ""})}
	found := NodePorts(h)
	if len(found) != 1 || found[0].Ports() != "30000-32767" || !strings.Contains(found[0].By, "not visible: cannot read") || !found[0].Assumed {
		t.Errorf("got %+v", found)
	}
}
