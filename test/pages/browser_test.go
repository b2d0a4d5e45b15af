package pages

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// browser is Chromium without a window, which is spoken to through two pipes (the DevTools protocol: a JSON document, and a
// zero byte behind it). Its functions end the test where it does not answer.
type browser struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	id      int
	session string
	asked   []string // the addresses that a page has asked for
	said    []string // what the console has of it
}

// openBrowser starts one with a profile of its own, or skips the test.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if program == "" {
		t.Skip("no Chromium is installed: make pages-test does so")
	}
	in, to := pipe(t)
	from, out := pipe(t)
	dir, err := os.MkdirTemp("", "pages-")
	if err != nil {
		t.Fatal(err)
	}
	// Not with the context of t, which ends before the clean-up: it closes the browser itself.
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
		"--disable-background-networking", "--disable-dev-shm-usage", "--remote-debugging-pipe", "--user-data-dir="+dir, "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+dir)
	cmd.ExtraFiles, cmd.SysProcAttr = []*os.File{in, out}, &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = in.Close(), out.Close()
	b := &browser{t: t, to: to, from: bufio.NewReader(from)}
	t.Cleanup(func() {
		b.session = ""
		b.send("Browser.close", nil)
		_ = cmd.Wait()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it leaves behind still writes to its folder
		_ = os.RemoveAll(dir)
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Network", "Runtime", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

func pipe(t *testing.T) (read, write *os.File) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = read.Close(), write.Close() })
	return read, write
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

func (b *browser) send(method string, params map[string]any) {
	b.id++
	doc := map[string]any{"id": b.id, "method": method, "params": params}
	if params == nil {
		doc["params"] = map[string]any{}
	}
	if b.session != "" {
		doc["sessionId"] = b.session
	}
	text, err := json.Marshal(doc)
	if err == nil {
		_, err = b.to.Write(append(text, 0))
	}
	if err != nil && !b.t.Failed() {
		b.t.Errorf("%s: %v", method, err)
	}
}

// next is what the browser says next.
func (b *browser) next() (m message) {
	b.t.Helper()
	text, err := b.from.ReadBytes(0)
	if err == nil {
		err = json.Unmarshal(text[:len(text)-1], &m)
	}
	if err != nil {
		b.t.Fatalf("the browser: %v", err)
	}
	switch m.Method {
	case "Network.requestWillBeSent":
		var sent struct{ Request struct{ URL string } }
		_ = json.Unmarshal(m.Params, &sent)
		b.asked = append(b.asked, sent.Request.URL)
	case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
		b.said = append(b.said, string(m.Params))
	}
	return m
}

// call asks for something, and waits for the answer.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.send(method, params)
	for id := b.id; ; {
		m := b.next()
		if m.ID != id {
			continue
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

// look is how a page is looked at.
type look struct {
	width int
	dark  bool
}

func (l look) String() string { return fmt.Sprintf("%d-%s", l.width, l.scheme()) }

func (l look) scheme() string {
	if l.dark {
		return "dark"
	}
	return "light"
}

// open shows a page of a file, until all of it is there.
func (b *browser) open(address string, l look) {
	b.t.Helper()
	b.asked, b.said = nil, nil
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": l.width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	scheme := []map[string]string{{"name": "prefers-color-scheme", "value": l.scheme()}}
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": scheme}, nil)
	b.send("Page.navigate", map[string]any{"url": address})
	for id, answered, loaded := b.id, false, false; !answered || !loaded; {
		m := b.next()
		answered = answered || m.ID == id
		loaded = loaded || m.Method == "Page.loadEventFired"
	}
}

// ask has the page evaluate an expression.
func (b *browser) ask(expression string, result any) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &answer)
	if answer.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, answer.ExceptionDetails)
	}
	if err := json.Unmarshal(answer.Result.Value, result); err != nil {
		b.t.Fatalf("%s: %v: %s", expression, err, answer.Result.Value)
	}
}

// picture takes a picture of all of the page, however long it is.
func (b *browser) picture(file string) {
	b.t.Helper()
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, data, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// others are the addresses that were asked for, but for the page itself.
func (b *browser) others(address string) []string {
	return slices.DeleteFunc(b.asked, func(url string) bool { return url == address || strings.HasPrefix(url, "data:") })
}
