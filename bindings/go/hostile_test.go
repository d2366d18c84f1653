package rpmadb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestUseAfterClose(t *testing.T) {
	db := database(t)
	second := must(db.As(background, "sue", RoleSupervisor))(t)
	ok(t, db.Close())
	ok(t, db.Close())
	_, err := db.Stats(background, nil)
	if !errors.Is(err, ErrStaleHandle) || !errors.Is(err, fs.ErrClosed) || !errors.Is(err, ErrMisuse) {
		t.Fatal(err)
	}
	must(second.Stats(background, nil))(t) // stays good
	ok(t, second.Close())
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	db := database(t)
	must(db.Query(background, "CREATE TABLE t (a)"))(t)
	for name, run := range map[string]func() error{
		"NUL in SQL":         func() error { _, err := db.Query(background, "SELECT 1\x00, 2"); return err },
		"NUL in a path":      func() error { _, err := Open(background, filepath.Join(t.TempDir(), "a\x00b"), nil); return err },
		"a channel":          func() error { _, err := db.Query(background, "SELECT ?", make(chan int)); return err },
		"NaN":                func() error { _, err := db.Query(background, "SELECT ?", math.NaN()); return err },
		"named and by place": func() error { _, err := db.Query(background, "SELECT :a, ?", Named{"a": 1}, 2); return err },
		"no such verb":       func() error { _, err := db.Call(background, "dance", nil); return err },
		"too few arguments":  func() error { _, err := db.Call(background, "verify", nil); return err },
		"an empty name":      func() error { _, err := db.As(background, "sue", ""); return err },
	} {
		if err := run(); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, run := range map[string]func() error{
		"in SQL":        func() error { _, err := db.Query(background, "SELECT '\xff'"); return err },
		"as a value":    func() error { _, err := db.Query(background, "SELECT ?", "\xff"); return err },
		"in an option":  func() error { _, err := db.Adopt(background, &AdoptOptions{Tool: Ptr("\xff")}); return err },
		"in a document": func() error { _, err := db.Call(background, "stats", json.RawMessage("{\"\xff\": 1}")); return err },
	} {
		if err := run(); !errors.Is(err, ErrInvalidUtf8) {
			t.Errorf("bytes that are not UTF-8 %s: %v", name, err)
		}
	}
	equal(t, must(db.Query(background, "SELECT ?", "\ufffd"))(t).Rows[0][0], any("\ufffd"))
	_, err := db.Adopt(background, &AdoptOptions{Tool: Ptr(`\ufffd`)})
	if errors.Is(err, ErrInvalidUtf8) {
		t.Error(err)
	}
}

func TestValuesAreExact(t *testing.T) {
	db := database(t)
	type id int64
	text := strings.Repeat("naïve \x00 <&> \u2028 日本 ", 1000)
	values := []any{int64(math.MinInt64), int64(math.MaxInt64), int64(1)<<53 + 1, 0.1, 1.0, 1e300, -0.0, math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, text, []byte{0, 255}, []byte{}, nil}
	for _, v := range values {
		row := must(db.Query(background, "SELECT ?, typeof(?1)", v))(t).Rows[0]
		if fmt.Sprintf("%T %v", row[0], row[0]) != fmt.Sprintf("%T %v", v, v) {
			t.Errorf("%T %v came back as %T %v", v, v, row[0], row[0])
		}
		back := must(json.Marshal(row))(t)
		var again Row
		ok(t, json.Unmarshal(back, &again))
		if fmt.Sprint(again) != fmt.Sprint(row) {
			t.Errorf("%s is not %v", back, row)
		}
	}
	row := must(db.Query(background, "SELECT ?, ?, ?, ?, ?", id(7), Ptr(uint8(8)), true, (*int)(nil), json.RawMessage("9")))(t).Rows[0]
	equal(t, fmt.Sprint(row), "[7 8 1 <nil> 9]")
	equal(t, must(db.Query(background, "SELECT typeof(?)", 2.0))(t).Rows[0][0], any("real"))
	if _, err := db.Query(background, "SELECT ?", uint64(math.MaxUint64)); err == nil {
		t.Error("a number beyond 64 bits with a sign")
	}
	report := must(db.Script(background, "return { big = 9007199254740993 }", nil))(t)
	equal(t, string(report.Result), `{"big":9007199254740993}`)
	number := must(JSONInt(string(report.Result), "/big"))(t)
	equal(t, number, 9007199254740993)
	equal(t, must(JSONReal(`{"a": 0.5}`, "/a"))(t), 0.5)
	equal(t, must(JSONText(`{"a": "x"}`, "/a"))(t), "x")
	if _, err := JSONText(`{}`, "/a"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestAThousandConcurrentCalls(t *testing.T) {
	db := database(t)
	must(db.Query(background, "CREATE TABLE t (a)"))(t)
	ctx, cancel := context.WithTimeout(background, 2*time.Minute)
	defer cancel()
	var all sync.WaitGroup
	failed := make(chan error, 1000)
	for i := range 1000 {
		all.Go(func() {
			var err error
			switch i % 4 {
			case 0:
				_, err = db.Query(ctx, "INSERT INTO t VALUES (?)", i)
			case 1:
				_, err = db.Query(background, "SELECT count(*) FROM t")
			case 2:
				_, err = db.Health(WithProgress(ctx, func(Progress) error { return nil }), nil)
			case 3:
				_, err = db.Transaction(ctx, func(tx *Database) error {
					_, err := tx.Query(ctx, "INSERT INTO t VALUES (?)", i)
					return err
				})
			}
			if err != nil {
				failed <- err
			}
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	equal(t, count(t, db, "t"), 500)
}

func TestCloseStopsACallOfAnotherGoroutine(t *testing.T) {
	db := must(Open(background, filepath.Join(t.TempDir(), "app.db"), &OpenOptions{Migrate: Ptr(false)}))(t)
	ended := make(chan error)
	go func() {
		_, err := db.Script(background, "while true do end", nil)
		ended <- err
	}()
	time.Sleep(100 * time.Millisecond)
	ok(t, db.Close())
	if err := <-ended; !errors.Is(err, ErrStopped) && !errors.Is(err, ErrStaleHandle) {
		t.Fatal(err)
	}
}

func TestClosingAtOnceReturnsWhenItIsClosed(t *testing.T) {
	for range 20 {
		path := filepath.Join(t.TempDir(), "app.db")
		db := must(Open(background, path, &OpenOptions{Migrate: Ptr(false)}))(t)
		must(db.Query(background, "CREATE TABLE t (a)"))(t)
		inside, proceed, ended := make(chan bool), make(chan bool), make(chan error)
		go func() {
			_, err := db.Transaction(background, func(*Database) error {
				close(inside)
				<-proceed
				if err := db.Close(); !errors.Is(err, ErrReentrant) {
					t.Errorf("closing inside of a call: %v", err)
				}
				return nil
			})
			ended <- err
		}()
		<-inside
		var closers sync.WaitGroup
		for range 4 {
			closers.Add(1)
			go func() {
				defer closers.Done()
				if err := db.Close(); err != nil {
					t.Error(err)
				}
				if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
					t.Error("still open")
				}
			}()
		}
		time.Sleep(30 * time.Millisecond)
		close(proceed)
		if err := <-ended; !errors.Is(err, ErrCancelled) {
			t.Error(err)
		}
		closers.Wait()
	}
}

// A handle that nobody closes is closed when it is collected.
func TestCollectedHandlesAreClosed(t *testing.T) {
	folder := t.TempDir()
	func() {
		db := must(Open(background, filepath.Join(folder, "app.db"), &OpenOptions{Migrate: Ptr(false)}))(t)
		must(db.As(background, "sue", RoleSupervisor))(t)
		must(NewOperation())(t)
		must(db.Query(background, "CREATE TABLE t (a)"))(t)
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		runtime.GC()
		if _, err := os.Stat(filepath.Join(folder, "app.db-wal")); errors.Is(err, fs.ErrNotExist) {
			return // the last handle took the log with it
		}
		if time.Now().After(deadline) {
			t.Fatal("still open:", descriptors(t, folder))
		}
	}
}

// One that is in a call is not collected, even if nobody else has it any more.
func TestHandlesInACallAreNotCollected(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	open := func() *Database { return must(Open(background, path, &OpenOptions{Migrate: Ptr(false)}))(t) }
	stop := make(chan bool)
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	ctx, cancel := context.WithTimeout(background, 500*time.Millisecond)
	defer cancel()
	if _, err := open().Query(ctx, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"); !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	if _, err := open().Transaction(background, func(*Database) error { time.Sleep(300 * time.Millisecond); return nil }); err != nil {
		t.Error(err)
	}
}

// descriptors lists the open files in a folder.
func descriptors(t testing.TB, folder string) (open []string) {
	for _, entry := range must(os.ReadDir("/proc/self/fd"))(t) {
		if target, err := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil && strings.HasPrefix(target, folder) {
			open = append(open, target)
		}
	}
	return open
}

func init() {
	children["exit"] = func(folder string) {
		// The end of a program does not wait for handles, callbacks or calls.
		db, err := Open(background, filepath.Join(folder, "app.db"), &OpenOptions{Monitor: &MonitorOptions{TickMs: Ptr(uint64(10))}})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		_ = SetLog(LogDebug, func(LogLine) {})
		_ = db.OnAlert(background, func(Alert) {})
		go func() { _, _ = db.Script(background, "while true do end", nil) }()
		go func() { _, _ = db.Transaction(background, func(*Database) error { select {} }) }()
		time.Sleep(100 * time.Millisecond)
		fmt.Println("bye")
	}
	children["load"] = func(string) {
		if err := Load(os.Getenv("RPMADB_TEST_LOAD")); err != nil {
			fmt.Println("is ABI_MISMATCH:", errors.Is(err, ErrABIMismatch))
			fmt.Println(err)
			return
		}
		version, _ := Version()
		fmt.Println("loaded", Library(), version, Load("elsewhere.so"))
	}
}

func TestExitWithOpenHandles(t *testing.T) {
	said, err := child(t, "exit")
	if err != nil || said != "bye\n" {
		t.Fatal(err, said)
	}
}

func TestPrograms(t *testing.T) { // Go has no fork of its own; a program that is started gets no descriptor of ours
	db := database(t)
	must(db.Query(background, "CREATE TABLE t (a)"))(t)
	folder := filepath.Dir(db.Opened().DatabasePath)
	if len(descriptors(t, folder)) == 0 {
		t.Fatal("nothing is open here")
	}
	said := must(exec.Command("ls", "-l", "/proc/self/fd").CombinedOutput())(t)
	if strings.Contains(string(said), folder) {
		t.Fatal(string(said))
	}
}

// cc builds a shared library from C.
func cc(t *testing.T, path, source string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "fake.c")
	ok(t, os.WriteFile(file, []byte(source), 0o644))
	if said, err := exec.Command("gcc", "-shared", "-fPIC", "-o", path, file).CombinedOutput(); err != nil {
		t.Fatal(err, string(said))
	}
}

func TestLoading(t *testing.T) {
	library := os.Getenv("RPMADB_LIBRARY")
	folder := t.TempDir()

	wrong := filepath.Join(folder, "wrong.so")
	cc(t, wrong, "#include <stdint.h>\nuint32_t rpmadb_abi_version(void) { return 77; }\nint32_t rpmadb_check_abi(uint32_t header) { return header == 77 ? 0 : 108; }\n")
	said := must(child(t, "load", "RPMADB_LIBRARY="+wrong))(t)
	contains(t, said, "is ABI_MISMATCH: true")
	contains(t, said, "has ABI 77, and this package is made for ABI 1")

	other := filepath.Join(folder, "other.so")
	cc(t, other, "int nothing;\n")
	contains(t, must(child(t, "load", "RPMADB_TEST_LOAD="+other))(t), "is not librpmadb")

	missing := filepath.Join(folder, "missing.so")
	contains(t, must(child(t, "load", "RPMADB_LIBRARY="+missing))(t), missing) // and no other is taken

	said = must(child(t, "load", "RPMADB_TEST_LOAD="+library, "RPMADB_LIBRARY="+wrong))(t)
	contains(t, said, "loaded "+library)
	contains(t, said, "elsewhere.so cannot be")

	// beside the program
	program := filepath.Join(folder, "program")
	ok(t, os.WriteFile(program, must(os.ReadFile(os.Args[0]))(t), 0o755))
	ok(t, os.Symlink(library, filepath.Join(folder, "librpmadb.so")))
	command := exec.Command(program)
	command.Env = append(os.Environ(), "RPMADB_TEST_CHILD=load", "RPMADB_LIBRARY=")
	contains(t, string(must(command.CombinedOutput())(t)), "loaded "+filepath.Join(folder, "librpmadb.so"))

	// where the system looks
	said = must(child(t, "load", "RPMADB_LIBRARY=", "LD_LIBRARY_PATH="+folder))(t)
	contains(t, said, "loaded librpmadb.so")
}

func TestBuildInfo(t *testing.T) {
	info := must(BuildInfo())(t)
	equal(t, info.ABIVersion, ABIVersion)
	equal(t, info.Version, must(Version())(t))
	for status, name := range statusNames { // those of the schema are those of the library
		equal(t, must(StatusName(status))(t), name)
	}
	equal(t, must(StatusName(999))(t), "UNKNOWN")
}

func TestRestoreFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "app.db")
	db := must(Open(background, path, &OpenOptions{Migrate: Ptr(false)}))(t)
	must(db.Query(background, "CREATE TABLE t (a)"))(t)
	must(db.Backup(background, Ptr(filepath.Join(folder, "one.db")), nil))(t)
	ok(t, db.Close())
	ok(t, os.Remove(path))
	report := must(RestoreFile(background, path, filepath.Join(folder, "one.db"), &OpenOptions{Migrate: Ptr(false)}, &RestoreOptions{AllowNewer: true}))(t)
	equal(t, report.Method, "rename")
	db = must(Open(background, path, &OpenOptions{Migrate: Ptr(false)}))(t)
	equal(t, count(t, db, "t"), 0)
	ok(t, db.Close())
}

// Every function of the header has a place in the table.
func TestTheWholeHeader(t *testing.T) {
	header := string(must(os.ReadFile("../../include/rpmadb.h"))(t))
	symbols := (&library{}).symbols()
	found := 0
	for line := range strings.SplitSeq(header, "\n") {
		if name, _, call := strings.Cut(line, "("); call && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "typedef") {
			words := strings.Fields(strings.ReplaceAll(name, "*", " "))
			// what takes or gives a sqlite3 pointer is for builds without a SQLite of their own, which this package does not load
			if function := words[len(words)-1]; strings.HasPrefix(function, "rpmadb_") && !strings.HasSuffix(function, "sqlite3") && !strings.HasSuffix(function, "host_sqlite") {
				found++
				if symbols[function] == nil {
					t.Errorf("%s is not reached", function)
				}
			}
		}
	}
	equal(t, found, len(symbols))
}
