package main

import (
	"bytes"
	"testing"
)

func TestOnlyWhatQemuLacksIsLeftOut(t *testing.T) {
	t.Parallel()
	s := suite{path: "here", followed: map[string]string{"TestFollows": noOpenat2}}
	said := map[string]string{
		"TestLacks": "x_test.go:1: open /a: function not implemented\n", "TestFails": "x_test.go:2: got 1, want 2\n", "TestFollows": "got \"\"\n",
	}
	for name, tt := range map[string]struct {
		ended map[string]string
		good  bool
	}{
		"all pass":                {map[string]string{"": "pass", "TestA": "pass"}, true},
		"one lacks something":     {map[string]string{"": "fail", "TestA": "pass", "TestLacks": "fail"}, true},
		"one follows from that":   {map[string]string{"": "fail", "TestA": "pass", "TestFollows": "fail"}, true},
		"one fails":               {map[string]string{"": "fail", "TestA": "pass", "TestFails": "fail"}, false},
		"one does not end":        {map[string]string{"": "fail", "TestA": "pass", "TestLacks": "run"}, false},
		"nothing passes":          {map[string]string{"": "fail", "TestLacks": "fail"}, false},
		"it could not be built":   {map[string]string{"": "fail"}, false},
		"the package alone fails": {map[string]string{"": "fail", "TestA": "pass"}, false},
	} {
		if err := s.judge(&bytes.Buffer{}, said, tt.ended); (err == nil) != tt.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
