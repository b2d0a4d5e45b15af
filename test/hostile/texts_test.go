package hostile

import (
	"fmt"
	"strings"
)

// size is what texts are filled up to: the promise is about what is shorter than 1 MB.
const size = 950_000

// fill repeats line, in which %[1]x is a number, between head and foot.
func fill(head, line, foot string) string {
	var text strings.Builder
	text.WriteString(head)
	for i := 0; text.Len() < size; i++ {
		if strings.Contains(line, "%") {
			fmt.Fprintf(&text, line, i)
		} else {
			text.WriteString(line)
		}
	}
	return text.String() + foot
}

// first cuts a text after that many lines, where it is just short enough to be read.
func first(lines int, text string) string {
	return strings.Join(strings.SplitAfterN(text, "\n", lines+1)[:lines], "")
}

// text is one of a kind. Where something is counted there is one that just fits, and so costs most.
func text(kind string) []string {
	both := func(lines int, whole string) []string { return []string{whole, first(lines, whole)} }
	const document = `{"schema":"tcptune-plan/v1","options":{},"changes":[`
	switch kind {
	case "lines":
		return both(3_900, fill("", "a=1\n", ""))
	case "keys":
		return both(3_900, fill("", "k%[1]x=\n", ""))
	case "real keys":
		return both(3_900, fill("", "net.ipv4.tcp_rmem=4096 %[1]d 1\n", ""))
	case "globs":
		return both(490, fill("", "net.*.%[1]x*=1\n", ""))
	case "all globs":
		return both(490, fill("", "net.*.*[!%[1]x]*=1\n", ""))
	case "exclusions":
		return both(490, fill("", "-net.*.*%[1]x\nnet.*.tcp_*[a-z]=1\n", ""))
	case "braces":
		return []string{fill("", "net.{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}*=1\n", ""), "net.*" + strings.Repeat("{a,b,c,d,e,f}", 10) + "=1\n"}
	case "stars":
		return []string{"net." + fill("", "*a", "=1\n")}
	case "long key":
		return []string{fill("", "a.", "=1\n"), fill("", "x", "=1\n")}
	case "escapes":
		return []string{fill("", "\x1b[2K\u202e\xff%[1]x=1\n", "")}
	case "returns":
		return []string{fill("", "a=1\r", "")}
	case "zeros":
		return []string{fill("", "\x00", "")}
	case "words":
		return []string{fill("", "p%[1]x ", "")}
	case "sections":
		return both(2_000, fill("", "[s%[1]x]\ntype=sysctl\nk%[1]x=1\n", ""))
	case "continued":
		return both(9_000, fill("[sysctl]\na=1\n", " 2\n", ""))
	case "excludes":
		return []string{fill("reapply_sysctl_exclude=", "*%[1]x*,", "\n")}
	case "packages":
		return []string{fill("", "Package: p%[1]x\nStatus: install ok installed\nVersion: 1\n\n", "")}
	case "aliases":
		return []string{fill("", "alias a%[1]x b\n", "")}
	case "bits": // just short enough to be parsed
		return []string{strings.Repeat("k: 1\n", 1_900), strings.Repeat("- [a, b]\n", 650), strings.Repeat("#\n", 32_000)}
	case "anchors":
		return []string{fill("", "a%[1]x: &a%[1]x [*a, *a]\n", "")[:60_000]}
	case "a:":
		var deep strings.Builder
		for i := 0; deep.Len() < 60_000; i++ {
			deep.WriteString(strings.Repeat(" ", i) + "a:\n")
		}
		return []string{deep.String()}
	case "deeper":
		var deep strings.Builder
		for i := 0; deep.Len() < 60_000; i++ {
			deep.WriteString(strings.Repeat(" ", i) + "- [[[[[[[[[[\n")
		}
		return []string{deep.String()}
	case "json [":
		return []string{fill("", "[", ""), fill("", `{"a":`, "")}
	case "owned":
		return []string{fill(`{"schema":"tcptune-journal/v1","owned":[`, "{},", "{}]}"), `{"schema":"tcptune-journal/v1","owned":[` + strings.Repeat("{},", 24_000) + "{}]}"}
	case "changes":
		return []string{fill(document, "{},", "{}]}"), document + strings.Repeat("{},", 24_000) + "{}]}"}
	case "nulls":
		return []string{document + strings.Repeat("null,", 49_000) + "null]}"}
	case "options":
		return []string{fill(`{"schema":"tcptune-plan/v1","options":`, `{"a":`, "")}
	case "requires":
		return []string{fill("module a\nrequire (\n", "\ta/b%[1]x v1.0.0\n", ")\n"), fill("", "(", "")}
	case "armor":
		return []string{fill("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n", "mQENBFIHQ%[1]x\n", "-----END PGP PUBLIC KEY BLOCK-----\n")}
	}
	return []string{strings.Repeat(kind, 60_000/len(kind)), fill("", kind, "")}
}
