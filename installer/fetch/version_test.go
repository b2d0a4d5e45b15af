package fetch

import (
	stdversion "go/version"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReleasesAreCalledAsGoCallsThem(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"1.26.3": "1.26.3", "go1.26.3": "1.26.3", "go1.26rc1": "1.26rc1", "1.21.0": "1.21.0", "go1.20": "1.20", "1.18beta2": "1.18beta2",
		"go1": "1", "go1.9.2rc2": "1.9.2rc2", "go1.2.2": "1.2.2",
	} {
		v, err := ParseVersion(in)
		if err != nil || v.String() != want || v.Toolchain() != "go"+want {
			t.Errorf("ParseVersion(%q) = %v, %v, want %s", in, v, err, want)
		}
	}
	for _, in := range []string{"", "go", "1.26", "go1.21", "v1.26.3", "1.26.3 ", "1.26.03", "1.26.3.1", "1.26rc", "1.26rc0", "1.26.3-custom", "../1.26.3", "1.999999.1", "-1", "1.26.3\n"} {
		if v, err := ParseVersion(in); err == nil {
			t.Errorf("ParseVersion(%q) = %v, want an error", in, v)
		}
	}
}

func TestReleasesAreOrderedAsGoOrdersThem(t *testing.T) {
	t.Parallel()
	var names []string
	for _, name := range []string{"1", "1.2.2", "1.9", "1.10", "1.20rc1", "1.20", "1.20.1", "1.21rc2", "1.21.0", "1.21.10", "1.26beta1", "1.26rc1", "1.26rc2", "1.26.0", "1.26.3", "2.0.0"} {
		names = append(names, "go"+name)
	}
	for _, a := range names {
		for _, b := range names {
			v, errV := ParseVersion(a)
			w, errW := ParseVersion(b)
			if errV != nil || errW != nil || v.Compare(w) != stdversion.Compare(a, b) {
				t.Errorf("%s.Compare(%s) = %d, want %d", a, b, v.Compare(w), stdversion.Compare(a, b))
			}
		}
	}
}

func FuzzParseVersion(f *testing.F) {
	f.Add("go1.26.3")
	f.Add("1.9.2rc2")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseVersion(s)
		if err != nil {
			return
		}
		if again, err := ParseVersion(v.String()); err != nil || again != v {
			t.Errorf("%q is %v, which is read as %v, %v", s, v, again, err)
		}
	})
}

func releasesOf(t *testing.T, names ...string) (all []Version) {
	t.Helper()
	for _, name := range names {
		v, err := ParseVersion(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func TestAWishPicksTheNewestThatFulfilsIt(t *testing.T) {
	t.Parallel()
	known := releasesOf(t, "1.25.9", "1.26rc1", "1.26.0", "1.26.10", "1.26.9", "1.27rc1", "1.20", "1.20.14")
	for wish, want := range map[string]string{
		"": "1.26.10", "latest": "1.26.10", "1.26": "1.26.10", "go1.25": "1.25.9", "1.26.9": "1.26.9", "1.27rc1": "1.27rc1", "1.20": "1.20.14",
		"1.27": "", "1.28": "", "1.26.1": "", "1.27rc2": "",
	} {
		w, err := ParseWish(wish)
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := w.Pick(known); ok != (want != "") || ok && v.String() != want {
			t.Errorf("%q picks %v, want %s", wish, v, want)
		}
	}
	w, err := ParseWish("1.27.0")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("1.27rc1", w.Near(known)[0]); diff != "" {
		t.Error(diff)
	}
	if got := (Wish{version: Version{major: 3}}).Near(known); len(got) != 5 || !slices.IsSortedFunc(got, newerFirst) {
		t.Errorf("near = %v, want the newest five", got)
	}
}

func TestAGoModSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	known := releasesOf(t, "1.25.9", "1.26.0", "1.26.3", "1.26.4", "1.27rc1")
	for mod, want := range map[string]string{
		"module m\ngo 1.26\n":                     "1.26.4", // the least that will do: the newest patch of it
		"module m\ngo 1.26.3\n":                   "1.26.4",
		"module m\ngo 1.26.5\n":                   "",
		"module m\ngo 1.25\ntoolchain go1.26.3\n": "1.26.3",
		"module m\ngo 1.26\ntoolchain default\n":  "1.26.4",
		"module m\ngo 1.27rc1\n":                  "1.27rc1",
		// As the go command: what is newer of the two, and suffixes are no part of a version.
		"module m\ngo 1.26.3\ntoolchain go1.25.9\n":        "1.26.4",
		"module m\ngo 1.26.3\ntoolchain go1.26.3\n":        "1.26.4",
		"module m\ngo 1.26\ntoolchain go1.26.0\n":          "1.26.0",
		"module m\ngo 1.27\ntoolchain go1.27rc1\n":         "1.27rc1",
		"module m\ngo 1.26\ntoolchain local\n":             "1.26.4",
		"module m\ngo 1.26\ntoolchain go1.26.3-custom\n":   "1.26.3",
		"module m\ngo 1.26\ntoolchain custom-go1.26.3-x\n": "1.26.3",
		"go 1.26.0\ntoolchain go1.26.3\nuse (\n\t./a\n)\n": "1.26.3", // a go.work
		"module m\ngo 1.26 // with a comment\n":            "1.26.4",
		"module m\n\ngo 1.26\nrequire x.y/z v1.0.0":        "1.26.4",
	} {
		w, err := wishFromMod([]byte(mod))
		if err != nil {
			t.Errorf("%q: %v", mod, err)
			continue
		}
		if v, ok := w.Pick(known); ok != (want != "") || ok && v.String() != want {
			t.Errorf("%q picks %v, want %s", mod, v, want)
		}
	}
	for _, mod := range []string{"", "module m\n", "module m\ngo x\n", "module m\ngo 1.26\ntoolchain custom\n", "module m\ngo 1.26\ntoolchain x/go1.26\n", "\x00", "require ("} {
		if w, err := wishFromMod([]byte(mod)); err == nil {
			t.Errorf("%q: %v, want an error", mod, w)
		}
	}
}

func FuzzWishFromMod(f *testing.F) {
	f.Add([]byte("module m\ngo 1.26\ntoolchain go1.26.3\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		w, err := wishFromMod(text)
		if err != nil {
			return
		}
		if _, err := ParseWish(w.String()); err != nil {
			t.Errorf("%q wishes for %q: %v", text, w, err)
		}
	})
}

func newerFirst(a, b string) int {
	va, _, _ := parseVersion(a)
	vb, _, _ := parseVersion(b)
	return vb.Compare(va)
}

// go1.20 is a release, and 1.20 a series: by its name each release, and no other, can be asked for.
func TestEveryReleaseHasANameOfItsOwn(t *testing.T) {
	t.Parallel()
	var all []Version
	for _, name := range []string{"1", "1.0.1", "1.20.0", "1.20.14", "1.20rc1", "1.21.0", "1.26.3", "1.27rc1"} {
		v, err := ParseVersion(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	for i, name := range Names(all) {
		w, err := ParseWish(name)
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range all {
			if w.Allows(v) != (i == j) {
				t.Errorf("%s allows %s: %t", name, v, w.Allows(v))
			}
		}
	}
}

func TestAFileOfAVersionManagerSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{".go-version", "1.25.3\n", "1.25.3"},
		{"a/.go-version", "# pinned\n\ngo1.25\n", "1.25"},
		{".tool-versions", "nodejs 20\ngolang 1.25.3 1.24.0 # both\n", "1.25.3"},
		{".tool-versions", "go latest:1.25\n", "1.25"},
		{".tool-versions", "golang latest\n", "latest"},
		{".tool-versions", "python 3.12\n", ""},
		{".tool-versions", "golang\n", ""},
		{".tool-versions", "golang system\n", ""},
		{".go-version", "\n", ""},
		{".go-version", "system\n", ""},
	} {
		w, err := WishFromFile(tc.name, []byte(tc.text))
		if (err == nil) != (tc.want != "") || err == nil && w.String() != tc.want {
			t.Errorf("%s %q: %v, %v, want %q", tc.name, tc.text, w, err, tc.want)
		}
	}
}
