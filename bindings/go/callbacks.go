package rpmadb

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/ebitengine/purego"
)

// callbacks are the functions that C calls. A process can make only so many and never gets one back, so there is one of each
// kind, and the number in user_data tells whose it is.
type callbacks struct{ progress, up, down, alert, log uintptr }

func newCallbacks() callbacks {
	return callbacks{
		progress: purego.NewCallback(func(done, total uint64, stage *byte, userData uintptr) int32 {
			w, ok := registered[*watcher](userData)
			if !ok {
				return 0 // its operation was released while a call goes on
			}
			return w.caught(func() error {
				return w.tell(Progress{Stage: string(copied(stage)), Done: done, Total: total})
			})
		}),
		up: purego.NewCallback(func(db, userData uintptr) int32 {
			s, ok := registered[*stepper](userData)
			if !ok {
				return 1
			}
			return s.run(db, s.up)
		}),
		down: purego.NewCallback(func(db, userData uintptr) int32 {
			s, ok := registered[*stepper](userData)
			if !ok {
				return 1
			}
			return s.run(db, s.down)
		}),
		alert: purego.NewCallback(func(alert *byte, userData uintptr) {
			if l, ok := registered[*listener[Alert]](userData); ok {
				document := copied(alert)
				l.hear(func() (a Alert, err error) { return a, json.Unmarshal(document, &a) })
			}
		}),
		log: purego.NewCallback(func(level int32, target, message *byte, userData uintptr) {
			if l, ok := registered[*listener[LogLine]](userData); ok {
				l.hear(func() (LogLine, error) {
					return LogLine{LogLevel(level), string(copied(target)), string(copied(message))}, nil
				})
			}
		}),
	}
}

var (
	registry sync.Map // from uintptr
	lastID   atomic.Uintptr
)

// enroll gives what a callback is for a number that C can keep.
func enroll(what any) uintptr {
	id := lastID.Add(1)
	registry.Store(id, what)
	return id
}

func dismiss(ids ...uintptr) {
	for _, id := range ids {
		registry.Delete(id)
	}
}

func registered[T any](id uintptr) (T, bool) {
	what, _ := registry.Load(id)
	found, ok := what.(T)
	return found, ok
}

// failure is what came out of a function of the host's that C called: nothing may pass through C.
type failure struct {
	number   uint64 // of a step's, in the order of their failing
	err      error
	panicked bool
	value    any
}

// raise goes on with a panic, in the goroutine that made the call.
func (f *failure) raise() {
	if f != nil && f.panicked {
		panic(f.value)
	}
}

// catch runs a function of the host's. (runtime.Goexit cannot be caught: the documentation forbids it.)
func catch(run func() error) (f *failure) {
	defer func() {
		if value := recover(); value != nil {
			f = &failure{panicked: true, value: value}
		}
	}()
	if err := run(); err != nil {
		return &failure{err: err}
	}
	return nil
}

// watcher is told of progress.
type watcher struct {
	tell func(Progress) error
	mu   sync.Mutex
	last *failure
}

func (w *watcher) caught(run func() error) int32 {
	f := catch(run)
	if f == nil {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = f
	return 1
}

// taken returns what stopped a call, once.
func (w *watcher) taken() (f *failure) {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	f, w.last = w.last, nil
	return f
}

// stepper runs the host's code in a transaction: the steps of a migration, or a transaction itself.
type stepper struct {
	family   *family
	up, down func(*Database) error
	ended    func(*failure)
}

func (s *stepper) run(db uintptr, function func(*Database) error) int32 {
	f := catch(func() error {
		return function(&Database{&state{lib: s.family.lib, handle: db, family: s.family, lent: true}})
	})
	s.ended(f)
	if f != nil {
		return 1
	}
	return 0
}

// PanicError is a panic in a function that was told of an alert or of a log line, where nobody waits for it. The function is
// not called again.
type PanicError struct {
	Value any
	Stack []byte
}

// Error tells what the panic was about.
func (p *PanicError) Error() string {
	return fmt.Sprintf("rpmadb: panic in a callback: %v\n%s", p.Value, p.Stack)
}

// listener is told of what nobody waits for.
type listener[T any] struct {
	tell   func(T)
	broken atomic.Pointer[PanicError]
}

func (l *listener[T]) hear(read func() (T, error)) {
	if l.broken.Load() != nil {
		return
	}
	defer func() {
		if value := recover(); value != nil {
			l.broken.CompareAndSwap(nil, &PanicError{value, debug.Stack()})
		}
	}()
	heard, err := read()
	if err != nil {
		panic(err)
	}
	l.tell(heard)
}

// err returns the panic, if there was one.
func (l *listener[T]) err() error {
	if l == nil {
		return nil
	}
	if broken := l.broken.Load(); broken != nil {
		return broken
	}
	return nil
}
