package report

import "strings"

// Near is the one of known that name was probably meant to be, "" for none: the only one that begins with it, or else
// the first of those with the fewest slips, of which one is allowed for every three letters.
func Near(name string, known []string) string {
	var begun []string
	best, fewest := "", max(1, len(name)/3)+1
	for _, k := range known {
		if len(name) > 1 && strings.HasPrefix(k, name) {
			begun = append(begun, k)
		}
		if max(len(name)-len(k), len(k)-len(name)) >= fewest {
			continue // as many letters are missing: a file may hold thousands of names to ask about
		}
		if d := slips(name, k); d < fewest && d < len(k) {
			best, fewest = k, d
		}
	}
	if len(begun) == 1 {
		return begun[0]
	}
	return best
}

// slips counts the letters to insert, delete, change, or exchange with their neighbour, to make a into b (optimal
// string alignment).
func slips(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, row[j]+1, last[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
