package installer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// Order is a tool, and the Go that builds it.
type Order struct {
	Tool              // with its version, where that could be asked
	Needs  fetch.Wish // what its go.mod says is the least that will do; the zero value: any, or see Doubt
	Doubt  error      // why what it needs is not known
	With   fetch.Version
	source fetch.Resolved // of With, where that is not installed and is fetched; else the zero value
}

// Fetched reports whether the Go that builds it is fetched for it.
func (o Order) Fetched() bool { return !o.source.Version.IsZero() }

// String says it for a person: "gopls@v0.24.0 with Go 1.27.4, fetched for it: it needs Go 1.27.0".
func (o Order) String() string {
	said := fmt.Sprintf("%s with Go %s", o.Tool, o.With)
	if o.Fetched() {
		said += fmt.Sprintf(", fetched for it: it needs Go %s", o.Needs)
	}
	return said
}

// Order finds out what builds t once active is the active version: active, another installed one, or one that is fetched,
// as t needs it. What a tool needs is asked of the module proxies; where that cannot be, active is tried.
func (s Site) Order(ctx context.Context, c fetch.Config, t Tool, active fetch.Version) (o Order, err error) {
	o = Order{Tool: t}
	needed, err := c.NeededBy(ctx, t.Package, t.Version)
	if ctx.Err() != nil {
		return o, err
	}
	if err != nil {
		o.Doubt = err
	} else {
		o.Version = needed.Version
	}
	return o, s.assign(ctx, c, &o, needed.Go, active)
}

// assign gives o a Go that is at least what needs says.
func (s Site) assign(ctx context.Context, c fetch.Config, o *Order, needs fetch.Wish, active fetch.Version) (err error) {
	o.Needs, o.source = needs, fetch.Resolved{}
	if needs.ReachedBy(active) {
		o.With = active
		return nil
	}
	installed := slices.Clone(s.Installed)
	slices.SortStableFunc(installed, func(a, b fetch.Version) int { // releases before candidates
		return cmp.Compare(map[bool]int{true: 0, false: 1}[a.Stable()], map[bool]int{true: 0, false: 1}[b.Stable()])
	})
	for _, v := range installed {
		if needs.ReachedBy(v) && s.Look(ctx, v, false).Whole() {
			o.With = v
			return nil
		}
	}
	if o.source, err = withoutFile(c).Resolve(ctx, needs.Patched(), s.arch); err != nil {
		return s.noBuilder(*o, err)
	}
	o.With = o.source.Version
	return nil
}

// noBuilder is the error that there is no Go to build o with.
func (s Site) noBuilder(o Order, err error) error {
	e := fetch.Fail(toolFailed, "install one that can, or name an older version of the tool", "cannot build %s: it needs Go %s", o.Tool, o.Needs)
	var cause *report.Error
	if errors.As(err, &cause) {
		e.Exit = cause.Exit
	}
	return e.Because(err)
}

// tooOld is what the go command says of a module, or of one that it needs, which asks for a newer Go. What the proxies say of
// a module is its own word only.
func tooOld(err error) (needs fetch.Wish, ok bool) {
	var said *host.ProgramError
	if !errors.As(err, &said) {
		return needs, false
	}
	m := regexp.MustCompile(`requires go >= (\S+) \(running go `).FindStringSubmatch(said.Stderr)
	if m == nil {
		return needs, false
	}
	needs, err = fetch.ParseWish(m[1])
	return needs, err == nil
}
