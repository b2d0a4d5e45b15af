// Command completion writes the completions of bash, zsh and fish into the folder that it is given, from what "tcptune
// describe" says of the command line, and "tcptune-server --help", and from the profiles, keys and limits that are
// compiled in. "make generate" runs it; a test in test/completion compares.
//
// urfave/cli can complete by itself, but runs the action of the command for that. So these scripts never run tcptune:
// what only the host knows they look up by the names of files.
package main
