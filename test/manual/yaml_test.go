package manual

import (
	"strings"
	"testing"
)

// Examples of files are blocks of pages of section 5 that are no command lines.
func TestEveryFileThatAPageShowsLoads(t *testing.T) {
	w := newWorkshop(t, build(t), commands(t))
	loads := func(want string, args ...string) {
		t.Helper()
		if code, out := w.inImage(t, args); code != 0 && code != 2 || !strings.Contains(out, want) {
			t.Errorf("tcptune %s: exit %d, want 0 or 2, and %q in:\n%s", strings.Join(args, " "), code, want, out)
		}
	}
	shown := map[string]int{}
	for page, roff := range pages(t, pagesDir) {
		for _, text := range examples(roff) {
			name, isProfile := strings.CutPrefix(text, "name: ")
			name, _, _ = strings.Cut(name, "\n")
			switch {
			case !strings.HasSuffix(page, ".5") || strings.HasPrefix(text, "tcptune ") || strings.HasPrefix(text, "sudo "):
				continue
			case isProfile:
				w.newImage(t)
				w.write(t, "etc/tcptune/profiles.d/"+name+".yaml", text)
				loads("profile "+name+", named on the command line", "plan", "--profile", name)
			default:
				w.newImage(t)
				w.write(t, "etc/tcptune/tcptune.yaml", text)
				if strings.Contains(text, "\ngo:\n") {
					loads("is declared, and none of tcptune is active", "status") // a plan would ask for releases
				} else {
					loads("declared in /etc/tcptune/tcptune.yaml", "plan")
				}
			}
			shown[page]++
		}
	}
	for _, page := range []string{"tcptune.yaml.5", "tcptune-profile.5"} {
		if shown[page] < 3 {
			t.Errorf("%s shows %d files, which cannot be all of them", page, shown[page])
		}
	}
}
