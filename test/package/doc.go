// Package packaging holds the tests of the .deb packages. Those that need the built ones run under "make deb-test",
// which builds them several times and says where they are; without that they skip.
package packaging
