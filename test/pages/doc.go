// Package pages opens the HTML pages that tcptune makes in a browser without a window, as a reader would: on a telephone and
// on a large screen, light and dark. Pictures of all of them are left in bin/pages.
package pages
