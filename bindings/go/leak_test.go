// Memory is not measured with the race detector, which keeps a shadow of it.

//go:build !race

package rpmadb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func resident(t testing.TB) (kib int) {
	for line := range strings.SplitSeq(string(must(os.ReadFile("/proc/self/status"))(t)), "\n") {
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

func registrations() (n int) {
	registry.Range(func(any, any) bool { n++; return true })
	return n
}

func TestNothingLeaks(t *testing.T) {
	folder := t.TempDir()
	before := registrations()
	round := func() {
		db := must(Open(background, filepath.Join(folder, "app.db"), &OpenOptions{Migrate: Ptr(false)}))(t)
		ok(t, db.AddStep(background, Step{Version: 1, Name: "one", Up: func(*Database) error { return errMine }}))
		ok(t, db.OnAlert(background, func(Alert) {}))
		second := must(db.As(background, "sue", RoleSupervisor))(t)
		ctx, cancel := context.WithCancel(WithProgress(background, func(Progress) error { return nil }))
		for range 20 {
			must(db.Query(ctx, "SELECT printf('%.*c', 50000, 'x')"))(t)
			must(second.Health(ctx, nil))(t)
			must(db.Transaction(ctx, func(*Database) error { return nil }))(t)
			if _, err := db.Migrate(ctx, nil); err == nil {
				t.Fatal("the step failed")
			}
			if _, err := db.Query(ctx, "SELEKT"); err == nil {
				t.Fatal("it is no SQL")
			}
		}
		cancel()
		ok(t, db.Close())
		ok(t, second.Close())
	}
	for range 20 {
		round()
	}
	runtime.GC()
	files, memory := len(must(os.ReadDir("/proc/self/fd"))(t)), resident(t)
	for range 100 {
		round()
	}
	runtime.GC()
	if now := len(must(os.ReadDir("/proc/self/fd"))(t)); now > files+2 {
		t.Errorf("%d descriptors, %d before", now, files)
	}
	if now := resident(t); now > memory+10*1024 {
		t.Errorf("%d KiB, %d before", now, memory)
	}
	equal(t, registrations(), before)
}

// The library has room for 65,536 handles.
func TestOperationsAreReleased(t *testing.T) {
	db := database(t)
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	for range 70_000 {
		must(db.Query(ctx, "SELECT 1"))(t)
	}
}
