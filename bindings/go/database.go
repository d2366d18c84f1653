package rpmadb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
)

// Database is a handle on an open database, for one actor in one role. It may be used from any goroutine at any time.
type Database struct{ *state }

// state is what outlives a handle that nobody closed, until the cleanup closes it.
type state struct {
	lib     *library
	handle  uintptr
	family  *family
	lent    bool // by a transaction or a step, and ends with that
	opened  *OpenReport
	cleanup runtime.Cleanup

	closers  sync.WaitGroup // who is in close; nobody joins once it is closed
	mu       sync.Mutex
	closed   bool
	released bool // by close, and not by what lent it
	alerts   *listener[Alert]
	alertID  uintptr
}

// family are the handles on what one Open opened. Its steps stay until the last is closed.
type family struct {
	lib      *library
	mu       sync.Mutex
	handles  int
	steps    []uintptr
	failures map[int64]*failure // of steps, by version, until the call that ran them takes it
	failed   uint64             // how often a step failed
}

func (l *library) database(handle uintptr, f *family, opened *OpenReport) *Database {
	f.mu.Lock()
	f.handles++
	f.mu.Unlock()
	db := &Database{&state{lib: l, handle: handle, family: f, opened: opened}}
	db.cleanup = runtime.AddCleanup(db, func(s *state) {
		go func() { _ = s.close() }() // closing may take a while, and other cleanups wait
	}, db.state)
	return db
}

// Open opens or creates a database, configures it, and migrates it to the latest version unless told not to.
func Open(ctx context.Context, path string, options *OpenOptions) (*Database, error) {
	lib, err := the()
	if err != nil {
		return nil, err
	}
	document, err := encode(options)
	if err != nil {
		return nil, err
	}
	return lib.openWith(ctx, path, document)
}

func (l *library) openWith(ctx context.Context, path string, options json.RawMessage) (*Database, error) {
	arguments, err := texts(path, string(options))
	if err != nil {
		return nil, err
	}
	if options == nil {
		arguments[1] = nil
	}
	db := new(uintptr)
	report, err := decode[OpenReport](l.watched(ctx, nil, func(op uintptr, out **byte) int32 {
		return l.open(arguments[0], arguments[1], op, db, out)
	}))
	if err != nil {
		return nil, err
	}
	return l.database(*db, &family{lib: l, failures: map[int64]*failure{}}, report), nil
}

// Opened tells what opening the database did.
func (s *state) Opened() *OpenReport { return s.opened }

// As makes a second handle on the same database, for one user of the host, with that user's rights: "admin", "supervisor" or
// "user", never more than db has. It is closed by itself, and stays good when db is closed.
func (db *Database) As(ctx context.Context, actor string, role Role) (*Database, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	arguments, err := texts(actor, string(role))
	if err != nil {
		return nil, err
	}
	second, out := new(uintptr), new(*byte)
	status := db.lib.as(db.handle, arguments[0], arguments[1], second, out)
	runtime.KeepAlive(db)
	if _, err := db.lib.answer(status, out); err != nil {
		return nil, err
	}
	return db.lib.database(*second, db.family, db.opened), nil
}

// Close closes the handle. Calls that run on it are cancelled and waited for, also by who closes it at the same time. Closing again
// is nothing to do; any other call after it is ErrStaleHandle.
func (db *Database) Close() error {
	defer runtime.KeepAlive(db)
	return db.close()
}

func (s *state) close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.closers.Wait()
		return nil
	}
	s.closers.Add(1)
	s.mu.Unlock()
	// Not under the lock: this waits for calls, and a callback of theirs that wants to close, too, is refused by the library.
	handle := new(uintptr)
	*handle = s.handle
	status := Status(s.lib.close(handle))
	s.mu.Lock()
	ended := status == 0 || status == ErrStaleHandle
	first := ended && !s.closed
	s.closed = s.closed || ended
	s.released = s.released || status == 0
	s.mu.Unlock()
	s.closers.Done()
	if !ended {
		return plain("rpmadb_close", int32(status))
	}
	s.closers.Wait() // until the last of them is done, the file may be open
	if !first {
		return nil
	}
	s.mu.Lock()
	if s.released {
		status = 0 // by whoever of them
	}
	s.mu.Unlock()
	if s.lent {
		return plain("rpmadb_close", int32(status))
	}
	s.cleanup.Stop()
	s.mu.Lock()
	dismiss(s.alertID)
	err := s.alerts.err()
	s.mu.Unlock()
	s.family.released()
	return errors.Join(plain("rpmadb_close", int32(status)), err)
}

func (f *family) released() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.handles--; f.handles == 0 {
		dismiss(f.steps...)
		f.steps = nil
	}
}

// argument is one of a verb: a text or a number.
type argument struct {
	text   *byte
	number int64
}

func (a *argument) set(v any) (err error) {
	switch v := v.(type) {
	case nil:
	case string:
		a.text, err = text(v)
	case *string:
		if v != nil {
			a.text, err = text(*v)
		}
	case json.RawMessage:
		if v != nil {
			a.text, err = text(string(v))
		}
	case int64:
		a.number = v
	default:
		err = misuse(ErrInvalidArgument, fmt.Sprintf("a %T is no argument of a verb", v))
	}
	return err
}

// Call makes a call by the name of its verb, with options and a report as the library writes them: for what the types of this
// package do not know. Arguments are a string, *string, json.RawMessage or int64 each, or nil.
func (db *Database) Call(ctx context.Context, verb string, options json.RawMessage, arguments ...any) (json.RawMessage, error) {
	if n, ok := arity[verb]; !ok || n != len(arguments) {
		return nil, misuse(ErrInvalidArgument, fmt.Sprintf("no verb %s with %d arguments", verb, len(arguments)))
	}
	given := make([]argument, len(arguments))
	for i, v := range arguments {
		if err := given[i].set(v); err != nil {
			return nil, err
		}
	}
	var last argument
	if err := last.set(options); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil && strings.HasPrefix(verb, "monitor_") {
		return nil, err // the library takes no operation there
	}
	mark := db.family.mark()
	document, err := db.lib.watched(ctx, db, func(op uintptr, out **byte) int32 {
		return db.lib.verbs.call(verb, db.handle, given, last.text, op, out)
	})
	return document, db.family.cause(verb, mark, err)
}

// ask makes a call of a verb with its types.
func ask[R, O any](ctx context.Context, db *Database, verb string, options *O, arguments ...any) (*R, error) {
	document, err := encode(options)
	if err != nil {
		return nil, err
	}
	return decode[R](db.Call(ctx, verb, document, arguments...))
}

// watched makes a call that the context may stop.
func (l *library) watched(ctx context.Context, db *Database, run func(op uintptr, out **byte) int32) (json.RawMessage, error) {
	w, err := begin(l, ctx)
	if err != nil {
		return nil, err
	}
	out := new(*byte)
	status := run(w.op, out)
	runtime.KeepAlive(db)
	document, err := l.answer(status, out)
	w.end()
	return document, w.cause(err)
}

// Query runs one SQL statement. Its arguments are the values for ?, or one [Named] for :name. A row's values are int64, float64,
// string, []byte and nil.
func (db *Database) Query(ctx context.Context, sql string, args ...any) (*QueryReport, error) {
	document, err := params(args)
	if err != nil {
		return nil, err
	}
	return ask[QueryReport](ctx, db, "query", none, sql, document)
}

// ErrRollback is returned by the function of a transaction that wants it rolled back, and has nothing else to say.
var ErrRollback = errors.New("rpmadb: roll back")

// Transaction calls body with a handle on one write transaction, on this goroutine; the handle is good until body returns, and
// no other on the same database may be used. An error of body rolls back, and is returned; with [ErrRollback] the report says so
// instead. A panic rolls back and goes on. body must not end the goroutine with runtime.Goexit (as testing's FailNow does).
func (db *Database) Transaction(ctx context.Context, body func(tx *Database) error) (*TransactionReport, error) {
	var ended *failure
	id := enroll(&stepper{family: db.family, up: body, ended: func(f *failure) { ended = f }})
	defer dismiss(id)
	report, err := decode[TransactionReport](db.lib.watched(ctx, db, func(op uintptr, out **byte) int32 {
		return db.lib.transaction(db.handle, db.lib.callbacks.up, id, nil, op, out)
	}))
	ended.raise()
	switch {
	case ended == nil:
		return report, err
	case err != nil:
		return nil, because(err, ended.err)
	case !errors.Is(ended.err, ErrRollback):
		return nil, ended.err
	}
	return report, nil
}

// Step is a migration in Go. Its functions get a handle on the migration's transaction, good until they return; an error undoes
// the run, and is found in the error of Migrate.
type Step struct {
	Version int64
	Name    string
	Up      func(tx *Database) error
	Down    func(tx *Database) error // nil when there is no way back
}

// AddStep registers a migration in Go. It wins over a file of its version and runs with the next Migrate: open with Migrate
// false to register steps first, at every start.
func (db *Database) AddStep(ctx context.Context, step Step) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	name, err := text(step.Name)
	if err != nil {
		return err
	}
	f := db.family
	id := enroll(&stepper{family: f, up: step.Up, down: step.Down, ended: func(failed *failure) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if failed != nil {
			f.failed++
			failed.number = f.failed
			f.failures[step.Version] = failed
		}
	}})
	var up, down uintptr
	if step.Up != nil {
		up = db.lib.callbacks.up
	}
	if step.Down != nil {
		down = db.lib.callbacks.down
	}
	out := new(*byte)
	status := db.lib.addStep(db.handle, step.Version, name, up, down, id, out)
	runtime.KeepAlive(db)
	if _, err := db.lib.answer(status, out); err != nil {
		dismiss(id)
		return err
	}
	f.mu.Lock()
	f.steps = append(f.steps, id)
	f.mu.Unlock()
	return nil
}

// mark tells how often a step had failed before a call.
func (f *family) mark() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// cause adds what came out of a step since the mark to the error of the call that ran it, and goes on with its panic. A script
// runs steps on a thread of the library's, and the error of migrate tells the version: that is what connects the two.
func (f *family) cause(verb string, mark uint64, err error) error {
	script := verb == "script" || verb == "script_file"
	if !script && verb != "migrate" && verb != "rollback" && verb != "test" {
		return err
	}
	var e *Error
	errors.As(err, &e)
	f.mu.Lock()
	var found *failure
	for version, failed := range f.failures {
		if failed.number > mark && (failed.panicked || e != nil && (script || e.Version == version)) {
			found = failed
			delete(f.failures, version)
			break
		}
	}
	f.mu.Unlock()
	if found == nil {
		return err
	}
	found.raise()
	return because(err, found.err)
}

// OnAlert sets what is told when an alert fires, is acknowledged or is resolved; nil removes it. It runs on the monitor's thread,
// where every handle on the database answers ErrReentrant: note what it is about and act elsewhere. After a panic it is not called
// again, and the panic is what the next OnAlert or Close returns, as a [PanicError].
func (db *Database) OnAlert(ctx context.Context, tell func(Alert)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var l *listener[Alert]
	var id, callback uintptr
	if tell != nil {
		l = &listener[Alert]{tell: tell}
		id, callback = enroll(l), db.lib.callbacks.alert
	}
	out := new(*byte)
	status := db.lib.onAlert(db.handle, callback, id, out)
	runtime.KeepAlive(db)
	if _, err := db.lib.answer(status, out); err != nil {
		dismiss(id)
		return err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	err := db.alerts.err()
	dismiss(db.alertID)
	db.alerts, db.alertID = l, id
	return err
}

// RestoreFile brings back a backup where there is no database, or one that does not open any more. What is there is kept under
// another name. Close your own handles on the database first. open is what the database will be opened with.
func RestoreFile(ctx context.Context, database, path string, open *OpenOptions, options *RestoreOptions) (*RestoreReport, error) {
	lib, err := the()
	if err != nil {
		return nil, err
	}
	var given [4]argument
	first, err := encode(open)
	if err != nil {
		return nil, err
	}
	second, err := encode(options)
	if err != nil {
		return nil, err
	}
	for i, v := range []any{database, path, first, second} {
		if err := given[i].set(v); err != nil {
			return nil, err
		}
	}
	return decode[RestoreReport](lib.watched(ctx, nil, func(op uintptr, out **byte) int32 {
		return lib.restoreFile(given[0].text, given[1].text, given[2].text, given[3].text, op, out)
	}))
}
