// Package report is what a command says: the rows that it shows, their status words, the one JSON document of --json,
// and the one error shape. It knows neither the host nor how anything is changed, and imports nothing of ours; every
// room above returns its types.
package report
