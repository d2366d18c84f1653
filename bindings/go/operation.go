package rpmadb

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

type progressKey struct{}
type operationKey struct{}

// WithProgress has tell called during the calls that get the context: how far a call is, on the thread that works. An error
// that it returns stops the call, and is found in the call's error.
func WithProgress(ctx context.Context, tell func(Progress) error) context.Context {
	return context.WithValue(ctx, progressKey{}, tell)
}

// WithOperation has the calls that get the context watched by op. When the context ends, op is cancelled.
func WithOperation(ctx context.Context, op *Operation) context.Context {
	return context.WithValue(ctx, operationKey{}, op)
}

// watch is the operation of one call.
type watch struct {
	lib     *library
	ctx     context.Context
	op      uintptr
	id      uintptr
	watcher *watcher
	owned   bool // made for this call
	timed   bool // the library minds the deadline
	stop    func() bool
	keep    *Operation
}

// begin makes what a call needs to be watched with: nothing, if the context can neither end nor wants to hear.
func begin(lib *library, ctx context.Context) (*watch, error) {
	w := &watch{lib: lib, ctx: ctx}
	tell, _ := ctx.Value(progressKey{}).(func(Progress) error)
	if op, _ := ctx.Value(operationKey{}).(*Operation); op != nil {
		if tell != nil {
			return nil, misuse(ErrInvalidArgument, "a context has WithOperation or WithProgress, not both: use Operation.OnProgress")
		}
		op.mu.Lock()
		w.op, w.watcher, w.keep = op.handle, op.watcher, op
		op.mu.Unlock()
	} else if tell != nil || ctx.Done() != nil {
		op := new(uintptr)
		if status := lib.opNew(op); status != 0 {
			return nil, plain("rpmadb_op_new", status)
		}
		w.op, w.owned = *op, true
	}
	if tell != nil {
		w.watcher = &watcher{tell: tell}
		w.id = enroll(w.watcher)
		if status := lib.opOnProgress(w.op, lib.callbacks.progress, w.id); status != 0 {
			w.end()
			return nil, plain("rpmadb_op_on_progress", status)
		}
	}
	if deadline, ok := ctx.Deadline(); ok && w.owned && ctx.Err() == nil {
		ms := (time.Until(deadline) + time.Millisecond - 1) / time.Millisecond
		w.timed = ms > 0 && lib.opSetTimeout(w.op, uint64(ms)) == 0
	}
	switch {
	case ctx.Done() == nil:
	case ctx.Err() != nil:
		lib.opCancel(w.op)
	default:
		w.stop = context.AfterFunc(ctx, func() {
			if !w.timed || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				lib.opCancel(w.op) // after its release that is a stale handle, and nothing happens
			}
		})
	}
	return w, nil
}

func (w *watch) end() {
	if w.stop != nil {
		w.stop()
	}
	if w.owned {
		op := &w.op
		w.lib.opFree(op)
	}
	if w.id != 0 {
		dismiss(w.id)
	}
	runtime.KeepAlive(w.keep)
}

// cause adds what stopped the call to its error, and goes on with a panic of the progress function.
func (w *watch) cause(err error) error {
	f := w.watcher.taken()
	f.raise()
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	if f != nil {
		e.causes = append(e.causes, f.err)
	}
	if ended := w.ctx.Err(); ended != nil && errors.Is(e, ErrStopped) {
		e.causes = append(e.causes, ended)
		if cause := context.Cause(w.ctx); cause != ended {
			e.causes = append(e.causes, cause)
		}
	}
	return err
}

// plain makes an error of a status that has no document.
func plain(function string, status int32) error {
	if status == 0 {
		return nil
	}
	return misuse(Status(status), fmt.Sprintf("%s answers %v", function, Status(status)))
}

// Operation watches calls: pass it with [WithOperation]. Once cancelled it stops every call that gets it. Most programs do
// without and use the context alone.
type Operation struct {
	lib     *library
	mu      sync.Mutex
	handle  uintptr
	watcher *watcher
	id      uintptr
	closed  bool
	cleanup runtime.Cleanup
}

// NewOperation makes an operation; release it with Close.
func NewOperation() (*Operation, error) {
	lib, err := the()
	if err != nil {
		return nil, err
	}
	op := new(uintptr)
	if status := lib.opNew(op); status != 0 {
		return nil, plain("rpmadb_op_new", status)
	}
	o := &Operation{lib: lib, handle: *op}
	o.cleanup = runtime.AddCleanup(o, func(handle uintptr) {
		forgotten := new(uintptr)
		*forgotten = handle
		lib.opFree(forgotten)
	}, o.handle)
	return o, nil
}

// OnProgress sets what is told how far a call is; nil removes it. An error that it returns stops the call.
func (o *Operation) OnProgress(tell func(Progress) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var w *watcher
	var id, callback uintptr
	if tell != nil {
		w = &watcher{tell: tell}
		id, callback = enroll(w), o.lib.callbacks.progress
	}
	if status := o.lib.opOnProgress(o.handle, callback, id); status != 0 {
		dismiss(id)
		return plain("rpmadb_op_on_progress", status)
	}
	dismiss(o.id)
	o.watcher, o.id = w, id
	return nil
}

// SetTimeout limits each call from now on, from its start; 0 is no limit. The library counts whole milliseconds: a part of one
// counts as one.
func (o *Operation) SetTimeout(limit time.Duration) error {
	if limit < 0 {
		return misuse(ErrInvalidArgument, "the limit is negative")
	}
	ms := (limit + time.Millisecond - 1) / time.Millisecond
	defer runtime.KeepAlive(o)
	return plain("rpmadb_op_set_timeout_ms", o.lib.opSetTimeout(o.handle, uint64(ms)))
}

// Cancel stops the calls that have the operation.
func (o *Operation) Cancel() error {
	defer runtime.KeepAlive(o)
	return plain("rpmadb_op_cancel", o.lib.opCancel(o.handle))
}

// Progress tells how far the call is.
func (o *Operation) Progress() (*Progress, error) {
	defer runtime.KeepAlive(o)
	out := new(*byte)
	status := o.lib.opProgress(o.handle, out)
	return decode[Progress](o.lib.answer(status, out))
}

// Close releases the operation. A call that still runs with it goes on unwatched. Closing again is nothing to do.
func (o *Operation) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil
	}
	handle := new(uintptr)
	*handle = o.handle
	if status := o.lib.opFree(handle); status != 0 {
		return plain("rpmadb_op_free", status)
	}
	o.closed = true
	o.cleanup.Stop()
	dismiss(o.id)
	return nil
}
