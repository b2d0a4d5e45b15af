// Package provision turns a request into an outcome: it asks the rooms below for their plans, makes one of them,
// carries it out and reports what came of it. What a command line, an automation module or a test asks for takes the
// same way.
//
// It reads no flag and prints nothing. The rooms below do not know each other; where a request needs two of them, it is
// composed here.
package provision
