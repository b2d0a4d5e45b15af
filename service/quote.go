package service

import (
	"regexp"
	"strings"
)

// plain is what systemd takes as it is, everywhere: it is no quote, no specifier (%), no variable ($), no separator of
// commands (;) and no escape.
const plain = `[A-Za-z0-9_./:=,@+-]`

// quote returns an argument of ExecStart= such that the program gets it unchanged; systemd.service(5), COMMAND LINES,
// and systemd.syntax(7), QUOTING. Control characters cannot be given so; Validate refuses them.
func quote(arg string) string {
	if regexp.MustCompile(`^` + plain + `+$`).MatchString(arg) {
		return arg
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`, `$`, `$$`).Replace(arg) + `"`
}

func quoteAll(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = quote(arg)
	}
	return strings.Join(quoted, " ")
}
