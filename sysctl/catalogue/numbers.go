package catalogue

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Write says what k holds once value has been written to it, where it held held, and what the kernel of m made of it.
// known is false where that cannot be told.
func (k Key) Write(value, held string, heldKnown bool, m Machine) (after string, known bool, j Judgement) {
	j = k.Judge(value, m)
	switch {
	case j.Taken == Unsure:
		return "", false, j
	case j.Taken == Takes && (k.Kind == Word || k.Kind == Ports):
		return k.Normal(strings.TrimSuffix(value, ",")), true, j
	case j.Taken == Takes:
	case j.Taken == Absent || !k.Piecewise:
		return held, heldKnown, j
	}
	numbers, _ := k.numbers(value)
	for i, n := range numbers {
		if k.inRange(i, n, m).Taken == Refuses { // those before it are written already
			numbers = numbers[:i]
			break
		}
	}
	now, err := k.parse(held)
	if len(numbers) < len(k.Fields) && (err != nil || !heldKnown) {
		return held, heldKnown && len(numbers) == 0, j
	}
	if len(numbers) < len(k.Fields) {
		numbers = append(numbers, now[len(numbers):]...)
	}
	return join(numbers), true, j
}

// numbers reads value as the kernel does (kernel/sysctl.c): as many numbers as k has fields, parted by blanks, tabs and
// newlines. Fewer set the first fields, and what stands behind them all does not count: "1024 # more" is 1024. What was
// read before a mistake comes back with the error.
func (k Key) numbers(value string) ([]int64, error) {
	words := strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' })
	if len(words) == 0 {
		return nil, fmt.Errorf("%s wants %s, not nothing", k.Name, k.shape())
	}
	var numbers []int64
	for i, w := range words[:min(len(words), len(k.Fields))] {
		n, err := parseInteger(w)
		if errors.Is(err, strconv.ErrRange) {
			return numbers, fmt.Errorf("%s of %s is too large a number: %s", k.Fields[i].Name, k.Name, w)
		}
		if err != nil {
			return numbers, fmt.Errorf("%s of %s must be a whole number, not %q", k.Fields[i].Name, k.Name, w)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}
