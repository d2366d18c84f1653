// Package rpmadb owns the life of a SQLite database: it opens, migrates, checks, measures, checkpoints, backs up, restores and
// scripts it, and records who did what. It is a binding over the shared library librpmadb and its C ABI, without cgo.
//
// The library is loaded by the first call: from the path in the environment variable RPMADB_LIBRARY, else from the folder of
// the program, else from where the system looks. Load names a path instead.
//
// A [Database] may be used from any goroutine at any time. Every call takes a context: when it ends, the call is stopped.
package rpmadb
