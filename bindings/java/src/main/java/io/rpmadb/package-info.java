/**
 * Owns the life of a SQLite database: opens, migrates, checks, measures, checkpoints, backs up,
 * restores and scripts it, and records who did what. A binding over the shared library librpmadb
 * and its C ABI.
 *
 * <p>Start with {@link io.rpmadb.Database#open(String)}. The library is loaded by the first call,
 * see {@link io.rpmadb.Rpmadb#load}.
 */
package io.rpmadb;
