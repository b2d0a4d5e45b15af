package packaging

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Distributions patch the go.env of their Go, so that what is built in is compared with that of a toolchain as its makers
// have released it: a host without Go gets its first one from there.
func TestTheBuiltInProxyIsThatOfAnUnmodifiedGo(t *testing.T) {
	dir := folder(t, "deb")
	release := strings.TrimSpace(must(t, "go", "env", "GOVERSION"))
	download := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "golang.org/toolchain@v0.0.1-"+release+".linux-amd64")
	download.Dir, download.Env = "/", append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := download.Output()
	var module struct{ Dir, Error string }
	if e := json.Unmarshal(out, &module); err != nil || e != nil || module.Dir == "" {
		t.Skipf("no unmodified toolchain can be got here: %v %s", err, module.Error)
	}
	text, err := os.ReadFile(filepath.Join(module.Dir, "go.env"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\nGOPROXY=")
	proxy, _, _ := strings.Cut(rest, "\n")
	if !strings.HasPrefix(proxy, "https://") {
		t.Fatalf("its go.env says GOPROXY=%s", proxy)
	}
	unpacked := t.TempDir()
	must(t, "dpkg-deb", "--extract", debs(t, dir, machineArch(t))[0], unpacked)
	program, err := os.ReadFile(filepath.Join(unpacked, "usr/bin/tcptune"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(program, []byte(proxy)) {
		t.Errorf("the packaged program does not know %s: hack/go-proxy.sh says %s", proxy, must(t, "../../hack/go-proxy.sh"))
	}
}
