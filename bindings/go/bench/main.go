// Command bench tells what a call through the binding adds to the same call from C: medians, by turns in one run. The call is the
// cheapest there is, so that the library's own work does not hide it.
//
//	RPMADB_LIBRARY=.../librpmadb.so go run ./bench
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"rpmadb.io/rpmadb"
)

const calls, turns = 5000, 5

var names = []string{"query", "query, with a context that can end"}

func main() {
	folder, err := os.MkdirTemp(os.Getenv("RPMADB_SCRATCH"), "bench")
	check(err)
	defer os.RemoveAll(folder)
	loop := filepath.Join(folder, "loop")
	compile := exec.Command("gcc", "-O2", "-I../../include", "-o", loop, "../c/loop.c", os.Getenv("RPMADB_LIBRARY"))
	compile.Stderr = os.Stderr
	check(compile.Run())

	ctx := context.Background()
	ending, cancel := context.WithCancel(ctx)
	defer cancel()
	db, err := rpmadb.Open(ctx, filepath.Join(folder, "go.db"), &rpmadb.OpenOptions{Migrate: rpmadb.Ptr(false)})
	check(err)
	defer db.Close()

	var inC []float64
	inGo := make([][]float64, len(names))
	for range turns {
		command := exec.Command(loop, filepath.Join(folder, "c.db"))
		command.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Dir(os.Getenv("RPMADB_LIBRARY")))
		said, err := command.Output()
		check(err)
		var figure float64
		_, err = fmt.Sscan(string(said), &figure)
		check(err)
		inC = append(inC, figure)
		for i, call := range []func() error{
			func() error { _, err := db.Query(ctx, "SELECT 1"); return err },
			func() error { _, err := db.Query(ending, "SELECT 1"); return err },
		} {
			took := make([]float64, calls)
			for n := range took {
				start := time.Now()
				check(call())
				took[n] = float64(time.Since(start))
			}
			inGo[i] = append(inGo[i], median(took))
		}
	}
	for i, name := range names {
		c, g := median(inC), median(inGo[i])
		fmt.Printf("%-36s C %6.1f us   Go %6.1f us   adds %5.1f us\n", name, c/1000, g/1000, (g-c)/1000)
	}
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
