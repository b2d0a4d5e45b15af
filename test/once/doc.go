// Package once counts what the commands open: a file that is read twice may have moved in between, and then one half of
// what a command says is about another host than the other half.
package once
