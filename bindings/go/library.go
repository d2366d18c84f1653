package rpmadb

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ebitengine/purego"
)

// library is the shared library with its functions. A process has one, and it stays.
type library struct {
	path string
	verbs

	version    func() string
	abiVersion func() uint32
	checkABI   func(header uint32) int32
	statusName func(status int32) string
	buildInfo  func(out **byte) int32
	free       func(text *byte)

	opNew        func(op *uintptr) int32
	opOnProgress func(op, callback, userData uintptr) int32
	opSetTimeout func(op uintptr, ms uint64) int32
	opCancel     func(op uintptr) int32
	opProgress   func(op uintptr, out **byte) int32
	opFree       func(op *uintptr) int32

	open        func(path, options *byte, op uintptr, db *uintptr, out **byte) int32
	as          func(db uintptr, actor, role *byte, second *uintptr, out **byte) int32
	close       func(db *uintptr) int32
	addStep     func(db uintptr, version int64, name *byte, up, down, userData uintptr, out **byte) int32
	transaction func(db, body, userData uintptr, options *byte, op uintptr, out **byte) int32
	restoreFile func(database, path, openOptions, options *byte, op uintptr, out **byte) int32
	onAlert     func(db, callback, userData uintptr, out **byte) int32

	jsonInt  func(json, pointer *byte, value *int64) int32
	jsonReal func(json, pointer *byte, value *float64) int32
	jsonText func(json, pointer *byte, value **byte) int32
	logSet   func(level int32, callback, userData uintptr) int32

	callbacks callbacks
}

func (l *library) symbols() map[string]any {
	all := l.verbs.symbols()
	for name, function := range map[string]any{
		"rpmadb_version": &l.version, "rpmadb_abi_version": &l.abiVersion, "rpmadb_check_abi": &l.checkABI,
		"rpmadb_status_name": &l.statusName, "rpmadb_build_info": &l.buildInfo, "rpmadb_free": &l.free,
		"rpmadb_op_new": &l.opNew, "rpmadb_op_on_progress": &l.opOnProgress, "rpmadb_op_set_timeout_ms": &l.opSetTimeout,
		"rpmadb_op_cancel": &l.opCancel, "rpmadb_op_progress": &l.opProgress, "rpmadb_op_free": &l.opFree,
		"rpmadb_open": &l.open, "rpmadb_as": &l.as, "rpmadb_close": &l.close, "rpmadb_add_step": &l.addStep,
		"rpmadb_transaction": &l.transaction, "rpmadb_restore_file": &l.restoreFile, "rpmadb_on_alert": &l.onAlert,
		"rpmadb_json_int": &l.jsonInt, "rpmadb_json_real": &l.jsonReal, "rpmadb_json_text": &l.jsonText,
		"rpmadb_log_set": &l.logSet,
	} {
		all[name] = function
	}
	return all
}

var (
	loading sync.Mutex
	current atomic.Pointer[library]
)

// Load loads the library from path, before anything else is called. With "" it is looked for as the first call would.
// A library that is loaded stays; asking for another is an error.
func Load(path string) error {
	if path != "" { // a bare name would be looked for where the system looks
		absolute, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		path = absolute
	}
	loading.Lock()
	defer loading.Unlock()
	if lib := current.Load(); lib != nil {
		if path == "" || path == lib.path {
			return nil
		}
		return fmt.Errorf("rpmadb: %s is loaded already, %s cannot be", lib.path, path)
	}
	lib, err := load(path)
	if err != nil {
		return err
	}
	current.Store(lib)
	return nil
}

// Library tells the path that the library was loaded from, "" before it was.
func Library() string {
	if lib := current.Load(); lib != nil {
		return lib.path
	}
	return ""
}

// the returns the library, loaded if it is not yet.
func the() (*library, error) {
	if lib := current.Load(); lib != nil {
		return lib, nil
	}
	if err := Load(""); err != nil {
		return nil, err
	}
	return current.Load(), nil
}

// fileName is what the system calls the library.
func fileName() string {
	if runtime.GOOS == "darwin" {
		return "librpmadb.dylib"
	}
	return "librpmadb.so"
}

// find tells what to load when nobody named a path. A path in RPMADB_LIBRARY is meant: no other is tried when it fails.
func find() string {
	if path := os.Getenv("RPMADB_LIBRARY"); path != "" {
		if absolute, err := filepath.Abs(path); err == nil {
			return absolute
		}
		return path
	}
	if program, err := os.Executable(); err == nil {
		if beside := filepath.Join(filepath.Dir(program), fileName()); exists(beside) {
			return beside
		}
	}
	return fileName()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func load(path string) (*library, error) {
	if path == "" {
		path = find()
	}
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("rpmadb: the library cannot be loaded (name it in RPMADB_LIBRARY, or put %s beside the program): %w", fileName(), err)
	}
	lib := &library{path: path}
	// The ABI first: a library of another one may lack functions.
	for _, abi := range []string{"rpmadb_abi_version", "rpmadb_check_abi"} {
		if err := register(handle, path, abi, lib.symbols()[abi]); err != nil {
			return nil, err
		}
	}
	if status := Status(lib.checkABI(ABIVersion)); status != 0 {
		return nil, &Error{Details: Details{
			Status: int32(ErrABIMismatch), Name: ErrABIMismatch.Error(),
			Message: fmt.Sprintf("%s has ABI %d, and this package is made for ABI %d", path, lib.abiVersion(), ABIVersion),
			Hint:    "install the library and the package of one release",
		}}
	}
	for name, function := range lib.symbols() {
		if err := register(handle, path, name, function); err != nil {
			return nil, err
		}
	}
	lib.callbacks = newCallbacks()
	return lib, nil
}

func register(handle uintptr, path, name string, function any) error {
	symbol, err := purego.Dlsym(handle, name)
	if err != nil {
		return fmt.Errorf("rpmadb: %s is not librpmadb: %w", path, err)
	}
	purego.RegisterFunc(function, symbol)
	return nil
}

// Version tells the version of the library, such as "0.1.0".
func Version() (string, error) {
	lib, err := the()
	if err != nil {
		return "", err
	}
	return lib.version(), nil
}

// BuildInfo tells what the library is made of.
func BuildInfo() (*BuildInfoReport, error) {
	lib, err := the()
	if err != nil {
		return nil, err
	}
	out := new(*byte)
	status := lib.buildInfo(out)
	return decode[BuildInfoReport](lib.answer(status, out))
}
