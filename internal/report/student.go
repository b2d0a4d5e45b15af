package report

import "math"

// Student is how many standard errors around a mean hold the truth with that confidence (0 to 1), by degrees of freedom, from 1
// on: the quantile of Student's distribution. Intervals of comparisons come from it. It is Hill's expansion (Algorithm 396 of
// the Communications of the ACM, 1970), and exact for one degree and for two.
func Student(confidence, freedom float64) float64 {
	n, p := min(max(freedom, 1), 1e6), 1-confidence
	switch n {
	case 1:
		return 1 / math.Tan(p*math.Pi/2)
	case 2:
		return math.Sqrt(2/(p*(2-p)) - 2)
	}
	a := 1 / (n - 0.5)
	b := 48 / (a * a)
	c := ((20700*a/b-98)*a-16)*a + 96.36
	d := ((94.5/(b+c)-3)/b + 1) * math.Sqrt(a*math.Pi/2) * n
	y := math.Pow(d*p, 2/n)
	if y <= 0.05+a {
		y = ((1/(((n+6)/(n*y)-0.089*d-0.822)*(n+2)*3)+0.5/(n+4))*y-1)*(n+1)/(n+2) + 1/y
		return math.Sqrt(n * y)
	}
	x := -math.Sqrt2 * math.Erfinv(confidence)
	y = x * x
	if n < 5 {
		c += 0.3 * (n - 4.5) * (x + 0.6)
	}
	c += (((0.05*d*x-5)*x-7)*x-2)*x + b
	y = (((((0.4*y+6.3)*y+36)*y+94.5)/c-y-3)/b + 1) * x
	return math.Sqrt(n * math.Expm1(a*y*y))
}
