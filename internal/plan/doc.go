// Package plan turns a wanted state into changes, and changes into facts.
//
// A [Plan] is data: a list of [Change] values that plan prints, apply carries out, revert builds the other way round
// and the JSON envelope shows. Nothing in this package knows why a change is wanted; the rooms above say that in Why
// and Source. Apply takes the lock, journals the inverse before the first write, writes, reads back and undoes what it
// did when something that is required fails.
package plan
