package rpmadb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var errMine = errors.New("mine")

func count(t testing.TB, db *Database, table string) int64 {
	t.Helper()
	report := must(db.Query(background, "SELECT count(*) FROM "+table))(t)
	return report.Rows[0][0].(int64)
}

// filled opens a database with enough pages for a backup to tell of its progress.
func filled(t testing.TB) *Database {
	t.Helper()
	db := database(t)
	must(db.Query(background, "CREATE TABLE t (a)"))(t)
	must(db.Query(background, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO t SELECT zeroblob(4000) FROM n"))(t)
	return db
}

func backupOptions() *BackupOptions { return &BackupOptions{StepPages: Ptr(uint64(10))} }

func TestProgressIsTold(t *testing.T) {
	db := filled(t)
	var told []Progress
	ctx := WithProgress(background, func(p Progress) error { told = append(told, p); return nil })
	report := must(db.Backup(ctx, Ptr(filepath.Join(t.TempDir(), "one.db")), backupOptions()))(t)
	if len(told) < 10 || told[0].Stage == "" || told[len(told)-1].Total == 0 || !report.Verified {
		t.Fatalf("told %d times: %+v", len(told), told)
	}
}

// A script runs on a thread of the library's, and so does what it tells.
func TestProgressOnAThreadOfTheLibrary(t *testing.T) {
	folder := t.TempDir()
	db := opened(t, &OpenOptions{Migrate: Ptr(false), Backup: &BackupFolderOptions{Folder: &folder}})
	must(db.Query(background, "CREATE TABLE t AS SELECT zeroblob(1000000) AS a"))(t)
	told := 0
	ctx := WithProgress(background, func(Progress) error { told++; return nil })
	for i := range 20 {
		must(db.Script(ctx, fmt.Sprintf("db:backup('%d.db')", i), nil))(t)
	}
	if told < 20 {
		t.Fatal("told", told, "times")
	}
	equal(t, panics(t, func() {
		_, _ = db.Script(WithProgress(background, func(Progress) error { panic(errMine) }), "db:backup('last.db')", nil)
	}), any(errMine))
}

func TestProgressStopsWithAnError(t *testing.T) {
	db := filled(t)
	ctx := WithProgress(background, func(p Progress) error {
		if p.Done > 100 {
			return errMine
		}
		return nil
	})
	_, err := db.Backup(ctx, Ptr(filepath.Join(t.TempDir(), "one.db")), backupOptions())
	if !errors.Is(err, ErrCancelled) || !errors.Is(err, errMine) || !errors.Is(err, ErrStopped) {
		t.Fatal(err)
	}
	must(db.Stats(background, nil))(t)
}

func panics(t *testing.T, run func()) (value any) {
	t.Helper()
	defer func() { value = recover() }()
	run()
	t.Fatal("no panic")
	return nil
}

func TestPanicsComeOutOfTheCall(t *testing.T) {
	db := filled(t)
	equal(t, panics(t, func() {
		_, _ = db.Backup(WithProgress(background, func(Progress) error { panic("progress") }), Ptr(filepath.Join(t.TempDir(), "one.db")), backupOptions())
	}), any("progress"))
	equal(t, panics(t, func() {
		_, _ = db.Transaction(background, func(tx *Database) error {
			must(tx.Query(background, "DELETE FROM t"))(t)
			panic(errMine)
		})
	}), any(errMine))
	equal(t, count(t, db, "t"), 2000)
	ok(t, db.AddStep(background, Step{Version: 1, Name: "one", Up: func(*Database) error { panic("step") }}))
	equal(t, panics(t, func() { _, _ = db.Migrate(background, nil) }), any("step"))
	equal(t, panics(t, func() { _, _ = db.Script(background, "pcall(db.migrate, db)", nil) }), any("step"))
	equal(t, count(t, db, "t"), 2000)
}

func TestTransactions(t *testing.T) {
	db := database(t)
	must(db.Query(background, "CREATE TABLE t (a)"))(t)
	insert := func(tx *Database) error {
		_, err := tx.Query(background, "INSERT INTO t VALUES (1)")
		return err
	}
	report := must(db.Transaction(background, insert))(t)
	equal(t, report.Committed, true)
	report = must(db.Transaction(background, func(tx *Database) error { ok(t, insert(tx)); return ErrRollback }))(t)
	equal(t, report.Committed, false)
	_, err := db.Transaction(background, func(tx *Database) error { ok(t, insert(tx)); return errMine })
	equal(t, err, errMine)
	equal(t, count(t, db, "t"), 1)

	var kept *Database
	must(db.Transaction(background, func(tx *Database) error {
		kept = tx
		_, err := db.Query(background, "SELECT 1")
		if !errors.Is(err, ErrReentrant) {
			t.Errorf("the database inside its transaction: %v", err)
		}
		if err := db.Close(); !errors.Is(err, ErrReentrant) {
			t.Errorf("closing inside: %v", err)
		}
		second, err := tx.As(background, "sue", RoleSupervisor)
		if err != nil {
			return err
		}
		defer second.Close()
		if _, err := second.Query(background, "DELETE FROM t"); !errors.Is(err, ErrDenied) {
			t.Errorf("a supervisor deletes: %v", err)
		}
		return nil
	}))(t)
	if _, err := kept.Query(background, "SELECT 1"); !errors.Is(err, ErrStaleHandle) {
		t.Fatal(err)
	}
	equal(t, count(t, db, "t"), 1)
}

func TestStepsInGo(t *testing.T) {
	db := opened(t, &OpenOptions{Migrate: Ptr(false), Migrations: Ptr(t.TempDir())})
	fail := true
	ok(t, db.AddStep(background, Step{
		Version: 1, Name: "parts",
		Up: func(tx *Database) error {
			if _, err := tx.Query(background, "CREATE TABLE parts (id)"); err != nil || !fail {
				return err
			}
			return fmt.Errorf("not today: %w", errMine)
		},
		Down: func(tx *Database) error {
			_, err := tx.Query(background, "DROP TABLE parts")
			return err
		},
	}))
	_, err := db.Migrate(background, nil)
	var e *Error
	if !errors.Is(err, ErrMigrationFailed) || !errors.Is(err, ErrMigration) || !errors.Is(err, errMine) || !errors.As(err, &e) || e.Version != 1 {
		t.Fatal(err)
	}
	fail = false
	report := must(db.Migrate(background, nil))(t)
	equal(t, *report.Applied[0].Version, 1)
	equal(t, count(t, db, "parts"), 0)
	equal(t, must(db.Rollback(background, 0, nil))(t).To, 0)
	fail = true
	_, err = db.Script(background, "db:migrate()", nil) // on a thread of the library's
	if !errors.Is(err, errMine) {
		t.Fatal(err)
	}
	if err := db.AddStep(background, Step{Version: 1, Name: "x"}); !errors.Is(err, ErrNullArgument) {
		t.Fatal(err)
	}
}

func TestContexts(t *testing.T) {
	db := database(t)
	const forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

	ctx, cancel := context.WithCancelCause(background)
	go func() { time.Sleep(50 * time.Millisecond); cancel(errMine) }()
	start := time.Now()
	_, err := db.Query(ctx, forever)
	if !errors.Is(err, ErrCancelled) || !errors.Is(err, context.Canceled) || !errors.Is(err, errMine) || time.Since(start) > 5*time.Second {
		t.Fatalf("%v after %v", err, time.Since(start))
	}
	_, err = db.Query(ctx, "SELECT 1")
	if !errors.Is(err, ErrCancelled) || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for range 5 {
		ctx, stop := context.WithTimeout(background, 30*time.Millisecond)
		_, err = db.Query(ctx, forever)
		stop()
		if !errors.Is(err, ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithDeadline(background, time.Now().Add(-time.Second))
	defer stop()
	_, err = db.Query(ctx, forever)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	ctx, done := context.WithCancel(background)
	done()
	for name, run := range map[string]func() error{
		"As":           func() error { _, err := db.As(ctx, "a", RoleUser); return err },
		"AddStep":      func() error { return db.AddStep(ctx, Step{}) },
		"OnAlert":      func() error { return db.OnAlert(ctx, nil) },
		"MonitorStart": func() error { _, err := db.MonitorStart(ctx, nil); return err },
		"Open":         func() error { _, err := Open(ctx, ":memory:", nil); return err },
	} {
		if err := run(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOperations(t *testing.T) {
	db := filled(t)
	op := must(NewOperation())(t)
	var told atomic.Int64
	ok(t, op.OnProgress(func(Progress) error { told.Add(1); return nil }))
	ctx := WithOperation(background, op)
	must(db.Backup(ctx, Ptr(filepath.Join(t.TempDir(), "one.db")), backupOptions()))(t)
	if told.Load() < 10 {
		t.Fatal("told", told.Load(), "times")
	}
	ok(t, op.OnProgress(nil))
	ok(t, op.SetTimeout(20*time.Millisecond))
	if _, err := db.Script(ctx, "while true do end", nil); !errors.Is(err, ErrTimeout) {
		t.Fatal(err)
	}
	ok(t, op.SetTimeout(0))
	equal(t, must(op.Progress())(t).Cancelled, false)
	ok(t, op.Cancel())
	equal(t, must(op.Progress())(t).Cancelled, true)
	if _, err := db.Stats(ctx, nil); !errors.Is(err, ErrCancelled) {
		t.Fatal(err)
	}
	if _, err := db.Stats(WithProgress(ctx, func(Progress) error { return nil }), nil); !errors.Is(err, ErrInvalidArgument) {
		t.Fatal(err)
	}
	ok(t, op.Close())
	ok(t, op.Close())
	if err := op.Cancel(); !errors.Is(err, ErrStaleHandle) {
		t.Fatal(err)
	}
	stopped := must(NewOperation())(t)
	ok(t, stopped.OnProgress(func(Progress) error { return errMine }))
	if _, err := db.Backup(WithOperation(background, stopped), Ptr(filepath.Join(t.TempDir(), "two.db")), backupOptions()); !errors.Is(err, errMine) {
		t.Fatal(err)
	}
	if _, err := db.Stats(ctx, nil); !errors.Is(err, ErrStaleHandle) {
		t.Fatal(err)
	}
}

// alarmed starts a monitor that has something to tell of at once.
func alarmed(t *testing.T, db *Database) {
	t.Helper()
	must(db.Query(background, "CREATE TABLE IF NOT EXISTS users (id)"))(t)
	must(db.MonitorStart(background, &MonitorOptions{
		TickMs: Ptr(uint64(10)), RequireUsers: true,
		Alerts: &AlertLimitsOptions{ForMs: Ptr(uint64(0))},
	}))(t)
}

func TestAlerts(t *testing.T) {
	db := database(t)
	heard := make(chan Alert, 100)
	ok(t, db.OnAlert(background, func(a Alert) {
		if _, err := db.Stats(background, nil); !errors.Is(err, ErrReentrant) {
			t.Errorf("a handle in the alert callback: %v", err)
		}
		heard <- a
	}))
	alarmed(t, db)
	select {
	case a := <-heard:
		if a.Key == "" || a.Message == "" || a.State != AlertStateFiring {
			t.Fatalf("%+v", a)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no alert")
	}
	report := must(db.Alerts(background, nil))(t)
	if !report.Monitoring || len(report.Alerts) == 0 {
		t.Fatalf("%+v", report)
	}
	ok(t, db.OnAlert(background, nil))
	must(db.MonitorStop(background))(t)
}

func TestPanicInAnAlert(t *testing.T) {
	db := database(t)
	fired := make(chan bool, 100)
	ok(t, db.OnAlert(background, func(Alert) { fired <- true; panic("alert") }))
	alarmed(t, db)
	<-fired
	must(db.MonitorStop(background))(t)
	err := db.OnAlert(background, nil)
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "alert" || len(p.Stack) == 0 {
		t.Fatal(err)
	}
	equal(t, len(fired), 0)
}

func TestLog(t *testing.T) {
	var mu sync.Mutex
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	write := Slog(logger)
	ok(t, SetLog(LogDebug, func(line LogLine) { mu.Lock(); defer mu.Unlock(); write(line) }))
	database(t)
	must(Open(background, filepath.Join(t.TempDir(), "log.db"), nil))(t).Close()
	ok(t, SetLog(LogOff, nil))
	mu.Lock()
	text := out.String()
	mu.Unlock()
	contains(t, text, "target=")
	contains(t, text, "level=INFO")

	ok(t, SetLog(LogDebug, func(LogLine) { panic("log") }))
	must(Open(background, filepath.Join(t.TempDir(), "log.db"), nil))(t).Close()
	err := SetLog(LogOff, nil)
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "log" {
		t.Fatal(err)
	}
	if err := SetLog(9, nil); !errors.Is(err, ErrInvalidArgument) {
		t.Fatal(err)
	}
}

func TestErrorsOfTheStandardLibrary(t *testing.T) {
	db := database(t)
	_, err := db.Verify(background, filepath.Join(t.TempDir(), "none.db"), nil)
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	path := Ptr(filepath.Join(t.TempDir(), "one.db"))
	must(db.Backup(background, path, nil))(t)
	if _, err = db.Backup(background, path, nil); !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	contains(t, err.Error(), "(ALREADY_EXISTS)")
	if strings.Contains(fmt.Sprintf("%v %+v %#v", Secret("hunter2"), Secret("hunter2"), Secret("hunter2")), "hunter2") {
		t.Fatal("a secret is printed")
	}
}
