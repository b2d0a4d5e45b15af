package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSummary(t *testing.T) {
	for _, tc := range []struct {
		name, in, want string
		code           int
	}{{
		name: "subtests count, the test around them does not",
		in: `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"run","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":1.234}
`,
		want: `pass p 1.23s

2 tests ran in 1 packages
2 passed, 0 failed, 0 skipped
`,
	}, {
		name: "a subtest may have slashes in its name",
		in: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/a_link_to_/dev/null"}
{"Action":"pass","Package":"p","Test":"TestA/a_link_to_/dev/null"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
`,
		want: `pass p 0s

1 tests ran in 1 packages
1 passed, 0 failed, 0 skipped
`,
	}, {
		name: "what a test counts is repeated at the end",
		in: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"attr","Package":"p","Test":"TestA","Key":"count","Value":"34 of 34 points hit"}
{"Action":"attr","Package":"p","Test":"TestA","Key":"other","Value":"x"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
`,
		want: `pass p 0s

counts:
  TestA: 34 of 34 points hit

1 tests ran in 1 packages
1 passed, 0 failed, 0 skipped
`,
	}, {
		name: "what took long is named, longest first, without its subtests",
		in: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":15}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"run","Package":"p","Test":"TestB/one"}
{"Action":"pass","Package":"p","Test":"TestB/one","Elapsed":60}
{"Action":"pass","Package":"p","Test":"TestB","Elapsed":60.5}
{"Action":"run","Package":"p","Test":"TestC"}
{"Action":"pass","Package":"p","Test":"TestC","Elapsed":14.9}
{"Action":"pass","Package":"p"}
`,
		want: `pass p 0s

longest:
  1m0.5s p TestB
  15s p TestA

3 tests ran in 1 packages
3 passed, 0 failed, 0 skipped
`,
	}, {
		name: "a skip is shown with its reason",
		in: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:12: needs root: run it with sudo\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p"}
`,
		want: `pass p 0s

skipped:
  p TestA: needs root: run it with sudo

1 tests ran in 1 packages
1 passed, 0 failed, 1 skipped
`,
	}, {
		name: "a failure is shown in full and counted once",
		in: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/one"}
{"Action":"output","Package":"p","Test":"TestA/one","Output":"    a_test.go:3: got 1\n"}
{"Action":"output","Package":"p","Test":"TestA/one","Output":"        want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA/one"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"FAIL\n"}
{"Action":"fail","Package":"p"}
`,
		want: `fail p 0s

=== p TestA failed

=== p TestA/one failed
    a_test.go:3: got 1
        want 2

1 tests ran in 1 packages
0 passed, 1 failed, 0 skipped
`,
		code: 1,
	}, {
		name: "a test that never ended has failed",
		in: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"p"}
`,
		want: `fail p 0s

=== p TestA did not end

=== p, outside its tests
panic: test timed out

1 tests ran in 1 packages
0 passed, 1 failed, 0 skipped
`,
		code: 1,
	}, {
		name: "a package that cannot be built has failed",
		in: `{"ImportPath":"q","Action":"build-output","Output":"q.go:1:1: undefined: x\n"}
{"ImportPath":"q","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL p [build failed]\n"}
{"Action":"fail","Package":"p","FailedBuild":"q"}
{"Action":"pass","Package":"r","Test":"TestB"}
{"Action":"pass","Package":"r"}
`,
		want: `fail p 0s
pass r 0s

=== p failed
FAIL p [build failed]
q.go:1:1: undefined: x

2 tests ran in 2 packages
1 passed, 1 failed, 0 skipped
`,
		code: 1,
	}, {
		name: "no test at all is a failure",
		in:   "go: cannot find main module\n",
		want: `go: cannot find main module

0 tests ran in 0 packages
0 passed, 0 failed, 0 skipped
`,
		code: 1,
	}, {
		name: "skips alone are a failure too: nothing has been shown to work",
		in:   `{"Action":"skip","Package":"p","Test":"TestA"}` + "\n",
		want: `
skipped:
  p TestA: no reason given

0 tests ran in 1 packages
0 passed, 0 failed, 1 skipped
`,
		code: 1,
	}} {
		t.Run(tc.name, func(t *testing.T) {
			var out strings.Builder
			if code := run(strings.NewReader(tc.in), &out); code != tc.code {
				t.Errorf("exit status = %d, want %d", code, tc.code)
			}
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}
