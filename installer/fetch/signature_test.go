package fetch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/tcptune/tcptune/internal/report"
)

// The key of go.dev/dl: EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796. Each of its subkeys proves what it signed while it
// was valid, and nothing from before or after.
func TestEachSubkeyOfGoDevIsGoodInItsTime(t *testing.T) {
	t.Parallel()
	keys, err := Config{}.keyring()
	if err != nil || len(keys) != 1 {
		t.Fatal(len(keys), err)
	}
	e := keys[0]
	if got := fmt.Sprintf("%X", e.PrimaryKey.Fingerprint); got != "EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796" {
		t.Errorf("fingerprint %s", got)
	}
	if len(e.Subkeys) != 6 {
		t.Fatalf("%d subkeys", len(e.Subkeys))
	}
	for _, subkey := range e.Subkeys {
		id, made := subkey.PublicKey.KeyId, subkey.PublicKey.CreationTime
		for at, want := range map[time.Time]bool{made.Add(24 * time.Hour): true, made.Add(-24 * time.Hour): false, made.AddDate(4, 0, 0): false} {
			if _, ok := e.SigningKeyById(at, id, &packet.Config{}); ok != want {
				t.Errorf("%016X at %s: %v, want %v", id, at.Format(time.DateOnly), ok, want)
			}
		}
	}
}

func TestAKeyRingThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"/nonexistent", "/etc/passwd", "/dev/zero"} {
		if _, err := (Config{Keyring: file}).keyring(); !report.Is(err, BadSetting) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
