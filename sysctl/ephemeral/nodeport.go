package ephemeral

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Reader is what is read of a host.
type Reader interface {
	ReadFile(path string) ([]byte, error)
	ReadDir(path string) ([]string, error)
	Lstat(path string) (fs.FileInfo, error)
}

// distribution is one way in which Kubernetes comes to a host.
type distribution struct {
	name  string
	there []string // any of them says that a node is here
	files []string // where the range may stand; what ends in / is a folder, all files of which count
}

func distributions() []distribution {
	return []distribution{
		{
			"kubelet",
			[]string{
				"/usr/bin/kubelet", "/usr/local/bin/kubelet", "/var/lib/kubelet/config.yaml", "/etc/kubernetes/manifests",
			},
			[]string{"/etc/kubernetes/manifests/"},
		},
		{
			"k3s",
			[]string{"/usr/local/bin/k3s", "/usr/bin/k3s"},
			[]string{
				"/etc/rancher/k3s/config.yaml", "/etc/rancher/k3s/config.yaml.d/", "/etc/systemd/system/k3s.service",
				"/etc/systemd/system/k3s.service.d/", "/etc/systemd/system/k3s.service.env",
			},
		},
		{
			"rke2",
			[]string{"/usr/local/bin/rke2", "/usr/bin/rke2", "/opt/rke2/bin/rke2"},
			[]string{"/etc/rancher/rke2/config.yaml", "/etc/rancher/rke2/config.yaml.d/"},
		},
		{
			"k0s",
			[]string{"/usr/local/bin/k0s", "/usr/bin/k0s"},
			[]string{"/etc/k0s/k0s.yaml", "/etc/systemd/system/k0scontroller.service"},
		},
		{
			"microk8s",
			[]string{"/var/snap/microk8s", "/snap/bin/microk8s"},
			[]string{"/var/snap/microk8s/current/args/kube-apiserver"},
		},
	}
}

// The range of an API server that is told nothing (--service-node-port-range).
const (
	defaultFirst = 30000
	defaultLast  = 32767
)

// NodePorts returns the ports that Kubernetes hands out on a host, for each kind of it that is installed. kube-proxy
// forwards them without a socket that listens, so nothing but the configuration tells of them. A node without an API
// server does not know the range of its cluster: there the default counts, and the source says so, as where a file cannot be read.
func NodePorts(r Reader) (found []Claim) {
	for _, d := range distributions() {
		if !d.installed(r) {
			continue
		}
		ranges, unseen := d.configured(r)
		if ranges == nil {
			usual := nodePorts(defaultFirst, defaultLast,
				"the default, since "+d.name+" is installed and no file of it here names others")
			if unseen != nil {
				usual = nodePorts(defaultFirst, defaultLast,
					"the default, since those of "+d.name+" are not visible: "+unseen.Error())
				usual.Assumed = true
			}
			ranges = []Claim{usual}
		}
		found = append(found, ranges...)
	}
	return found
}

func (d distribution) installed(r Reader) bool {
	for _, p := range d.there {
		if _, err := r.Lstat(p); err == nil {
			return true
		}
	}
	return false
}

// configured reads the ranges that the files of d name. unseen is why one of the files cannot be read.
func (d distribution) configured(r Reader) (found []Claim, unseen error) {
	see := func(p string, err error) {
		var named *fs.PathError
		if errors.As(err, &named) {
			err = named.Err
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			unseen = fmt.Errorf("cannot read %s: %w", p, err)
		}
	}
	for _, p := range d.files {
		files := []string{p}
		if dir, isDir := strings.CutSuffix(p, "/"); isDir {
			names, err := r.ReadDir(dir)
			see(dir, err)
			files = nil
			for _, name := range names {
				files = append(files, path.Join(dir, name))
			}
		}
		for _, file := range files {
			data, err := r.ReadFile(file)
			see(file, err)
			found = append(found, parse(data, file)...)
		}
	}
	return found, unseen
}

// option finds the range in each form in which it is written: as a flag with its value behind it, in the next item of a
// list or in the next line of a unit, and as a key of YAML. The second number of "30000+100" is a size (ParsePortRange
// of k8s.io/apimachinery).
const option = `service-node-port-range["']?(?:\s*[=:]\s*|\s*\\?\s*(?:-\s+)?)["']?(\d{1,5})([-+])(\d{1,5})`

// comment is what follows a # that begins a word.
const comment = `(?m)(^|[ \t])#.*$`

// nodePorts is the claim of Kubernetes to ports; source says how that is known.
func nodePorts(first, last int, source string) Claim {
	return Claim{First: first, Last: last, By: "NodePorts of Kubernetes, " + source}
}

// parse reads the ranges in the text of a file.
func parse(data []byte, file string) (found []Claim) {
	if !bytes.Contains(data, []byte("service-node-port-range")) {
		return nil
	}
	text := regexp.MustCompile(comment).ReplaceAllString(string(data), "")
	for _, at := range regexp.MustCompile(option).FindAllStringSubmatchIndex(text, -1) {
		first, _ := strconv.Atoi(text[at[2]:at[3]])
		last, _ := strconv.Atoi(text[at[6]:at[7]])
		if text[at[4]:at[5]] == "+" {
			last += first
		}
		if first <= last && last <= 65535 {
			line := 1 + strings.Count(text[:at[2]], "\n")
			found = append(found, nodePorts(first, last, fmt.Sprintf("%s:%d", file, line)))
		}
	}
	return found
}
