// Package diagnose says which limit bites now: it looks at the counters and the TCP sockets of a network namespace twice,
// a while apart, and hands what differs to the rules of diagnose/rules.
//
// It only reads. What it cannot see is unknown, with the reason, and no rule takes that for good.
package diagnose
