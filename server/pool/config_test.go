package pool_test

import (
	"testing"
	"time"

	"github.com/tcptune/tcptune/server/pool"
)

func TestConfigThatCannotBeMeantIsRefused(t *testing.T) {
	one := []string{"127.0.0.1:1"}
	for _, test := range []struct {
		name      string
		addresses []string
		config    pool.Config
		want      string
	}{
		{"no upstream", nil, pool.Config{}, "cannot make a pool without an upstream"},
		{"no port", []string{"127.0.0.1"}, pool.Config{}, `cannot use upstream "127.0.0.1": it is not HOST:PORT`},
		{"no host", []string{":80"}, pool.Config{}, `cannot use upstream ":80": it is not HOST:PORT`},
		{"twice", []string{"[::1]:1", "[::1]:1"}, pool.Config{}, `cannot use upstream "[::1]:1" twice`},
		{"negative maximum", one, pool.Config{Max: -1}, "cannot use a negative maximum of connections: -1"},
		{
			"more idle than there may be", one,
			pool.Config{Max: 2, MinIdle: 3},
			"cannot keep 3 connections idle: there may be no more than 2",
		},
		{"negative time", one, pool.Config{IdleTime: -time.Second}, "cannot use a negative idle time: -1s"},
		{
			"negative probes", one,
			pool.Config{Breaker: pool.Breaker{Probes: -2}},
			"cannot use a negative number of probes that close the breaker: -2",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := pool.New(test.addresses, test.config); err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestZeroConfigWorks(t *testing.T) {
	mustAsk(t, newPool(t, pool.Config{}, listen(t, echo).address()), "hello")
}
