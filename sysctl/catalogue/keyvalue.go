package catalogue

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Validate reports why value must not be written to k, or nil. It is stricter than the kernel, which takes -5 seconds
// for tcp_fin_timeout and a maximum below the minimum for tcp_rmem.
func (k Key) Validate(value string) error {
	switch k.Kind {
	case "":
		return validateAny(k.Name, value)
	case Word:
		return k.validateWord(value)
	case Ports:
		_, err := parsePorts(value)
		return err
	}
	numbers, err := k.parse(value)
	if err != nil {
		return err
	}
	for i, f := range k.Fields {
		n := numbers[i]
		if k.Kind == Bitmap && n >= 0 && n&^f.Max != 0 {
			return fmt.Errorf("%s of %s must be made of %s, not %#x", f.Name, k.Name, bitList(f.Max), n)
		}
		if n < f.Min || n > f.Max {
			return fmt.Errorf("%s of %s must be %s, not %d", f.Name, k.Name, f.bounds(), n)
		}
		if k.Ascending && i > 0 && n < numbers[i-1] {
			return fmt.Errorf("%s of %s must not be below its %s: %d < %d", f.Name, k.Name, k.Fields[i-1].Name, n, numbers[i-1])
		}
	}
	return nil
}

func (f Field) bounds() string {
	s := fmt.Sprintf("%d to %d", f.Min, f.Max)
	if f.Unit != "" {
		s += " " + f.Unit
	}
	return s
}

// bitList names the bits of a bitmap: "0x1, 0x2, 0x4".
func bitList(all int64) string {
	var bits []string
	for bit := int64(1); bit <= all; bit <<= 1 {
		if all&bit != 0 {
			bits = append(bits, fmt.Sprintf("%#x", bit))
		}
	}
	return strings.Join(bits, ", ")
}

// wordSize is the longest name of a congestion control or a queue discipline: TCP_CA_NAME_MAX and IFNAMSIZ are both 16,
// with the final zero.
const wordSize = 15

func (k Key) validateWord(value string) error {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
	}
	other := strings.IndexFunc(value, func(r rune) bool { return !plain(r) }) >= 0
	if value == "" || len(value) > wordSize || other {
		return fmt.Errorf("%s must be a name of 1 to %d letters, digits, '_' and '-', not %q", k.Name, wordSize, value)
	}
	return nil
}

// parse reads the numbers of value, as many as k has fields.
func (k Key) parse(value string) ([]int64, error) {
	words := strings.Fields(value)
	if len(words) != len(k.Fields) {
		return nil, fmt.Errorf("%s wants %s, not %q", k.Name, k.shape(), value)
	}
	numbers := make([]int64, len(words))
	for i, w := range words {
		n, err := parseInteger(w)
		if errors.Is(err, strconv.ErrRange) {
			return nil, fmt.Errorf("%s of %s must be %s, not %s", k.Fields[i].Name, k.Name, k.Fields[i].bounds(), w)
		}
		if err != nil {
			return nil, fmt.Errorf("%s of %s must be a whole number, not %q", k.Fields[i].Name, k.Name, w)
		}
		numbers[i] = n
	}
	return numbers, nil
}

// shape describes the fields of k: "3 numbers (min, default, max)".
func (k Key) shape() string {
	if len(k.Fields) == 1 {
		return "one number"
	}
	names := make([]string, len(k.Fields))
	for i, f := range k.Fields {
		names[i] = f.Name
	}
	return fmt.Sprintf("%d numbers (%s)", len(names), strings.Join(names, ", "))
}

// parseInteger reads an integer as the kernel does (kernel/sysctl.c, proc_get_long): decimal, 0x for hexadecimal, a
// leading zero for octal, "-" but no "+". What else Go reads as a number, 0b1, 0o7 and 1_000, the kernel does not.
func parseInteger(s string) (int64, error) {
	digits := strings.ToLower(strings.TrimPrefix(s, "-"))
	if strings.HasPrefix(digits, "+") || strings.HasPrefix(digits, "0b") || strings.ContainsAny(digits, "o_") {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(s, 0, 64)
}

// Normal writes value in one form, so that equal values are equal strings: fields parted by one space, numbers decimal,
// port lists sorted and merged. A value that k cannot have comes back as it is, without the space around it.
func (k Key) Normal(value string) string {
	value = strings.TrimSpace(value)
	switch k.Kind {
	case Word:
		return value
	case Ports:
		if list, err := parsePorts(value); err == nil {
			return list.String()
		}
		return value
	}
	if numbers, err := k.parse(value); err == nil {
		return join(numbers)
	}
	return strings.Join(strings.Fields(value), " ")
}

func join(numbers []int64) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(words, " ")
}

// Equal reports whether a and b are the same value of k.
func (k Key) Equal(a, b string) bool { return k.Normal(a) == k.Normal(b) }

// Satisfies reports whether have is enough where want is wanted: for each field by its rule; for switches and port
// lists, whether have contains all of want. A value that cannot be read is enough only for itself.
func (k Key) Satisfies(have, want string) bool {
	switch k.Kind {
	case Word:
		return k.Equal(have, want)
	case Bitmap, Ports:
		return k.Equal(k.Union(have, want), have)
	}
	h, errHave := k.parse(have)
	w, errWant := k.parse(want)
	if errHave != nil || errWant != nil {
		return k.Equal(have, want)
	}
	for i, f := range k.Fields {
		if !f.enough(h[i], w[i]) {
			return false
		}
	}
	return true
}

func (f Field) enough(have, want int64) bool {
	switch f.Rule {
	case AtLeast:
		return have >= want
	case AtMost:
		return have <= want
	}
	return have == want
}

// Better takes each field from a or b, whichever is further in the direction of its rule; exact fields come from a.
// Where a cannot be read it is b, and the other way round.
func (k Key) Better(a, b string) string {
	switch k.Kind {
	case Word:
		return k.Normal(a)
	case Bitmap, Ports:
		return k.Union(a, b)
	}
	x, errA := k.parse(a)
	y, errB := k.parse(b)
	if errA != nil && errB == nil {
		return join(y)
	}
	if errA != nil || errB != nil {
		return k.Normal(a)
	}
	for i, f := range k.Fields {
		if f.Rule != Exact && f.enough(y[i], x[i]) {
			x[i] = y[i]
		}
	}
	return join(x)
}

// Union is what a and b hold together: the ports of both lists, the switches of both bitmaps. For other kinds, which
// hold one thing only, it is b.
func (k Key) Union(a, b string) string {
	switch k.Kind {
	case Ports:
		x, errA := parsePorts(a)
		y, errB := parsePorts(b)
		if errA == nil && errB == nil {
			return merge(slices.Concat(x, y)).String()
		}
	case Bitmap:
		x, errA := k.parse(a)
		y, errB := k.parse(b)
		if errA == nil && errB == nil {
			return join([]int64{x[0] | y[0]})
		}
	}
	return k.Normal(b)
}
