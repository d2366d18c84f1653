package rpmadb

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// children are what this program does instead of its tests when a test starts it again.
var children = map[string]func(folder string){}

func TestMain(m *testing.M) {
	if name := os.Getenv("RPMADB_TEST_CHILD"); name != "" {
		children[name](os.Getenv("RPMADB_TEST_FOLDER"))
		return
	}
	if os.Getenv("RPMADB_LIBRARY") == "" {
		fmt.Fprintln(os.Stderr, "RPMADB_LIBRARY is not set")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// child runs one of children in another process and returns what it said.
func child(t *testing.T, name string, environment ...string) (string, error) {
	t.Helper()
	limited, cancel := context.WithTimeout(background, time.Minute)
	defer cancel()
	command := exec.CommandContext(limited, os.Args[0])
	command.Env = append(append(os.Environ(), "RPMADB_TEST_CHILD="+name, "RPMADB_TEST_FOLDER="+t.TempDir()), environment...)
	said, err := command.CombinedOutput()
	return string(said), err
}

var background = context.Background()

// database opens an empty one without migrations.
func database(t testing.TB) *Database {
	t.Helper()
	return opened(t, &OpenOptions{Migrate: Ptr(false)})
}

func opened(t testing.TB, options *OpenOptions) *Database {
	t.Helper()
	db := must(Open(background, filepath.Join(t.TempDir(), "app.db"), options))(t)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func contains(t testing.TB, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Fatalf("%q does not contain %q", text, part)
	}
}
