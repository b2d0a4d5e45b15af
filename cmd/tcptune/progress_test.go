package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tcptune/tcptune/internal/provision"
)

func TestALogHearsOfADownloadEveryTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		progress := terminal{err: &log}.progress()
		for second := range int64(25) {
			progress.Show(provision.Step{Source: "download", Phase: "download", Done: second << 20, Total: 60 << 20})
			time.Sleep(time.Second)
		}
		progress.End()
		want := "tcptune: downloading the archive: 10 of 60 MiB\ntcptune: downloading the archive: 20 of 60 MiB\n"
		if got := log.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestALogIsNotToldOfWhatIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		progress := terminal{err: &log}.progress()
		for range 9 {
			time.Sleep(time.Second)
			progress.Show(provision.Step{Source: "module", Phase: "unpack", Done: 1})
		}
		progress.End()
		if got := strings.TrimSpace(log.String()); got != "" {
			t.Errorf("got %q", got)
		}
	})
}
