// Command manual writes the manual pages: docs/man/NAME.SECTION from docs/man/NAME.SECTION.md, which holds the prose,
// and from what the programs say of themselves, "tcptune describe" and "tcptune-server --help". So a flag in a page is
// one that is parsed, with its default. "make generate" runs it; a test in test/manual compares.
//
// A line of a page of the form
//
//	<!-- synopsis plan apply -->     how to call these commands, of which this is the page
//	<!-- text port -->               what the help says of one
//	<!-- options port -->            its flags
//	<!-- examples port -->           its examples
//	<!-- commands plan apply -->     all three for each; a group stands for its commands
//	<!-- index -->                   all commands, and the page of each
//	<!-- server-options -->          the flags of tcptune-server
//
// is replaced by that. Each command that shares its page with others has a name there too:
// docs/man/links/tcptune-plan.8.
package main
