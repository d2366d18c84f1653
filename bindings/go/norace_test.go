//go:build !race

package rpmadb

// How much more memory, in KiB, many rounds may hold than few: what the collector has not got to.
const slack = 10 * 1024
