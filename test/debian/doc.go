// Package debian fetches real programs of several releases of Debian, which bracket those of the supported releases of
// Ubuntu: what we model or write is judged by the programs that will meet it. It uses the machine's way to a mirror and
// keeps what it fetched in a cache; the machine's own packages and lists are read, never changed.
package debian
