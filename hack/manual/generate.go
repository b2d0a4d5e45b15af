package main

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// generate writes all pages of the module at root into the folder out.
func generate(ctx context.Context, root, out string) error {
	date, err := releaseDate(filepath.Join(root, "debian/changelog"))
	if err != nil {
		return err
	}
	sources, err := readSources(filepath.Join(root, "docs/man"))
	if err != nil {
		return err
	}
	m, err := ask(ctx, root)
	if err != nil {
		return err
	}
	m.pages = pagesOf(sources)
	for file, source := range sources {
		page, err := m.compose(file, date, source)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := os.WriteFile(filepath.Join(out, file), roff(page), 0o644); err != nil {
			return err
		}
	}
	return m.writeLinks(filepath.Join(out, "links"))
}

// readSources returns the Markdown of each page by the name of the page, "tcptune-go.8".
func readSources(dir string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.[0-9].md"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, fmt.Errorf("%s has no page", dir))
	}
	sources := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		sources[strings.TrimSuffix(filepath.Base(f), ".md")] = string(text)
	}
	return sources, nil
}

// pagesOf tells which page is about which command: that which has its synopsis.
func pagesOf(sources map[string]string) map[string]string {
	pages := map[string]string{}
	for file, source := range sources {
		for _, m := range regexp.MustCompile(`(?m)^<!-- synopsis (.*) -->$`).FindAllStringSubmatch(source, -1) {
			for name := range strings.FieldsSeq(m[1]) {
				pages[name] = file
			}
		}
	}
	return pages
}

// releaseDate is the date of the newest entry of a Debian changelog: equal sources give equal pages.
func releaseDate(changelog string) (string, error) {
	text, err := os.ReadFile(changelog)
	if err != nil {
		return "", err
	}
	m := regexp.MustCompile(`(?m)^ -- .*>  (.*)$`).FindStringSubmatch(string(text))
	if m == nil {
		return "", fmt.Errorf("%s has no entry", changelog)
	}
	t, err := mail.ParseDate(m[1])
	return t.Format(time.DateOnly), err
}
