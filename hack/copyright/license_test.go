package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHolders(t *testing.T) {
	for line, want := range map[string][]string{
		"Copyright (c) 2009 The Go Authors. All rights reserved.": {"2009 The Go Authors"},
		"// Copyright 2018 Google Inc.":                           {"2018 Google Inc"},
		"Copyright © 2011 Russ Ross":                              {"2011 Russ Ross"},
		"   Copyright [yyyy] [name of copyright owner]":           nil, // the appendix of the Apache licence
		"      copyright notice that is included in the work":     nil,
		"Copyright notice and this permission notice":             nil,
		"      (c) You must retain, in the Source form of any":    nil,
	} {
		if diff := cmp.Diff(want, holders(line)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", line, diff)
		}
	}
}

func TestShortName(t *testing.T) {
	const redistribution = "Redistribution and use in source and\nbinary forms, with or without modification, are permitted. "
	for text, want := range map[string]string{
		"  Apache License\n  Version 2.0, January 2004\n":                               "Apache-2.0",
		"Permission is hereby granted, free of charge, to any\nperson obtaining a copy": "Expat",
		redistribution: "BSD-2-clause",
		redistribution + "Apache License Version 2.0, January 2004":    "BSD-2-clause and Apache-2.0",
		redistribution + "may be used to endorse or\npromote products": "BSD-3-clause",
	} {
		if got, err := shortName(text); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	if got, err := shortName("all rights reserved"); err == nil {
		t.Errorf("an unknown licence is %q", got)
	}
}

func TestFolded(t *testing.T) {
	if diff := cmp.Diff(" a\n .\n     b\n", folded("\na\n\n\tb \n\n")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWithoutApache(t *testing.T) {
	const text = "before\n  Apache License\n  Version 2.0, January 2004\n 1. Definitions.\n END OF TERMS AND CONDITIONS\nafter"
	if diff := cmp.Diff("before\n  Apache License 2.0: /usr/share/common-licenses/Apache-2.0\nafter", withoutApache(text)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
