package rules

import (
	"fmt"
	"strconv"
	"strings"
)

// condition compares two operands.
type condition struct{ left, op, right string }

func parse(text string) (c condition, err error) {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return c, fmt.Errorf("no condition: %q", text)
	}
	switch fields[1] {
	case "<", "<=", ">", ">=", "==", "!=":
		return condition{fields[0], fields[1], fields[2]}, nil
	}
	return c, fmt.Errorf("no comparison: %q", fields[1])
}

// verdict is the answer to a condition: no, yes, or that it cannot be known.
type verdict struct {
	holds   bool
	unknown string // why it is not known
}

// holds reports whether all conditions hold. One that does not, decides, whatever else is unknown; a figure that the subject
// does not have makes a condition fail: there is no such thing there.
func (s Subject) holds(conditions []string) verdict {
	v := verdict{holds: true}
	for _, text := range conditions {
		c, err := parse(text)
		if err != nil {
			return verdict{unknown: err.Error()}
		}
		left, whyLeft, hasLeft := s.operand(c.left)
		right, whyRight, hasRight := s.operand(c.right)
		switch why := whyLeft + whyRight; {
		case why != "":
			v = verdict{unknown: why}
		case !hasLeft || !hasRight || !compare(left, c.op, right):
			return verdict{}
		}
	}
	return v
}

func (s Subject) operand(name string) (value float64, unknown string, has bool) {
	if n, err := strconv.ParseFloat(name, 64); err == nil {
		return n, "", true
	}
	if why, not := s.Unknown[name]; not {
		return 0, why, false
	}
	value, has = s.Figures[name]
	return value, "", has
}

func compare(a float64, op string, b float64) bool {
	switch op {
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	case ">=":
		return a >= b
	case "==":
		return a == b
	}
	return a != b
}
