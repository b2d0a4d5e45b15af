package provision

import (
	"testing"
)

func FuzzDeclared(f *testing.F) {
	f.Add([]byte("tuning:\n  profile: wan\n  bandwidth: 10gbit\n  rtt: 80ms\n  flows: 100\n  live_qdisc: true\n"))
	f.Add([]byte("tuning: !tag\n"))
	f.Add([]byte("# nothing\n"))
	f.Add([]byte("tuning: {profile: [1]}\n"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = parseDeclared(data) // must not panic
	})
}
