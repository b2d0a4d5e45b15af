// Package docs holds the project's pages to what they say. Its tests run every example of README.md, README.zh-CN.md
// and docs/*.md with a built tcptune: what has --root on a copy of a fixture, what frees ports as a dry run. They
// compare what is shown with what is printed, follow the links, and hold the Chinese pages in step with the English
// ones.
//
// How an example is run stands in programs_test.go, what cannot be run here, and why, in exceptions_test.go.
package docs
