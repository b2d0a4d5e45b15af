package whowins

import "strings"

// The matching here is that of glob(3) and fnmatch(3), which differs from path.Match of Go: classes such as
// [[:digit:]], "!" beside "^", and an unfinished bracket stands for itself.

const globChars = "*?["

func isGlob(s string) bool { return strings.ContainsAny(s, globChars) }

// globKey reports whether pattern matches the path key, component by component, and returns the path that glob(3) gives
// back: it repeats the separators of the pattern, so that "net//tcp_*" gives "net//tcp_rmem".
func globKey(pattern, key string) (string, bool) {
	out := make([]byte, 0, 128) // most patterns match nothing: no memory is asked for before one does
	rest, more := key, true
	for want := range strings.SplitSeq(pattern, "/") {
		name := want
		if want != "" && want != "." {
			if !more {
				return "", false
			}
			if name, rest, more = strings.Cut(rest, "/"); !matchName(want, name) {
				return "", false
			}
		}
		out = append(append(out, name...), '/')
	}
	if more {
		return "", false
	}
	return string(out[:len(out)-1]), true
}

// matchName is one component of glob(3): a leading dot must be named (a rule of the shell).
func matchName(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") && !strings.HasPrefix(pattern, `\.`) {
		return false
	}
	return fnmatch(pattern, name)
}

// fnmatch is fnmatch(3) without flags: "*" and "?" match a slash as well.
func fnmatch(pattern, name string) bool {
	afterStar, retry := "", -1 // what follows the last star, and where in name to try it again; no try yet
	from := name
	for pattern != "" || name != "" {
		if strings.HasPrefix(pattern, "*") {
			pattern = pattern[1:]
			afterStar, from, retry = pattern, name, 0
			continue
		}
		if rest, ok := matchChar(pattern, name); ok {
			pattern, name = rest, name[1:]
			continue
		}
		if retry < 0 || retry >= len(from) {
			return false
		}
		retry++
		pattern, name = afterStar, from[retry:]
	}
	return true
}

// matchChar matches the first character of name against the first element of pattern, which is no star, and returns the
// rest of pattern.
func matchChar(pattern, name string) (rest string, ok bool) {
	if pattern == "" || name == "" {
		return "", false
	}
	switch pattern[0] {
	case '?':
		return pattern[1:], true
	case '[':
		if matched, rest, closed := matchBracket(pattern, name[0]); closed {
			return rest, matched
		} // an unfinished bracket is an ordinary character
	case '\\':
		if len(pattern) > 1 {
			pattern = pattern[1:]
		}
	}
	return pattern[1:], pattern[0] == name[0]
}

// matchBracket matches c against the bracket expression at the beginning of pattern and returns what follows it. ok is
// false when the bracket is not closed.
func matchBracket(pattern string, c byte) (matched bool, rest string, ok bool) {
	p := pattern[1:]
	negated := p != "" && (p[0] == '!' || p[0] == '^')
	if negated {
		p = p[1:]
	}
	for first := true; ; first = false {
		switch {
		case p == "":
			return false, "", false
		case p[0] == ']' && !first:
			return matched != negated, p[1:], true
		case strings.HasPrefix(p, "[:"):
			if name, after, found := strings.Cut(p[2:], ":]"); found {
				matched = matched || inClass(name, c)
				p = after
				continue
			}
		}
		low, after := bracketChar(p)
		p = after
		high := low
		if len(p) > 1 && p[0] == '-' && p[1] != ']' {
			high, p = bracketChar(p[1:])
		}
		matched = matched || low <= c && c <= high
	}
}

func bracketChar(p string) (c byte, rest string) {
	if p[0] == '\\' && len(p) > 1 {
		p = p[1:]
	}
	return p[0], p[1:]
}

func inClass(class string, c byte) bool {
	lower := c >= 'a' && c <= 'z'
	upper := c >= 'A' && c <= 'Z'
	digit := c >= '0' && c <= '9'
	switch class {
	case "alpha":
		return lower || upper
	case "digit":
		return digit
	case "alnum":
		return lower || upper || digit
	case "lower":
		return lower
	case "upper":
		return upper
	case "xdigit":
		return digit || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
	case "punct":
		return c > ' ' && c < 0x7f && !lower && !upper && !digit
	case "graph":
		return c > ' ' && c < 0x7f
	case "print":
		return c >= ' ' && c < 0x7f
	case "space":
		return c == ' ' || c >= '\t' && c <= '\r'
	case "blank":
		return c == ' ' || c == '\t'
	case "cntrl":
		return c < ' ' || c == 0x7f
	}
	return false
}

// braces expands the {a,b} of a pattern as glob(3) does with GLOB_BRACE. A brace that is not closed stays as it is,
// and so do those that have more than [maxAlternatives] together.
func braces(pattern string) []string {
	open := strings.IndexByte(pattern, '{')
	if open < 0 || alternatives(pattern) > maxAlternatives {
		return []string{pattern}
	}
	var parts []string
	depth, from := 0, open+1
	for at := open + 1; at < len(pattern); at++ {
		switch pattern[at] {
		case '{':
			depth++
		case ',':
			if depth == 0 {
				parts = append(parts, pattern[from:at])
				from = at + 1
			}
		case '}':
			if depth > 0 {
				depth--
				continue
			}
			parts = append(parts, pattern[from:at])
			var all []string
			for _, part := range parts {
				all = append(all, braces(pattern[:open]+part+pattern[at+1:])...)
			}
			return all
		}
	}
	return []string{pattern}
}
