//go:build race

package rpmadb

// The race detector keeps a shadow of the memory, and more of it the longer it runs.
const slack = 100 * 1024
