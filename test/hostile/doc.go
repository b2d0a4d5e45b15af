// Package hostile gives the real program inputs that nobody should have put where it reads: devices, named pipes,
// holes, and texts that are long, deep, wide or full of patterns, in every place that any command reads. Each is a
// process of its own, whose time and memory are measured. What is no file must not even be opened. The package has
// tests only.
package hostile
