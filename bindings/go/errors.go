package rpmadb

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
)

// Status is the number of an error of the library, and an error itself, for errors.Is:
//
//	if errors.Is(err, rpmadb.ErrBusy) { ... }
type Status int32

// Error tells the name, such as "BUSY".
func (s Status) Error() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return "status " + strconv.Itoa(int(s))
}

// Family is a hundred of statuses, and an error for errors.Is.
type Family int32

// The families of statuses.
const (
	// The library was not used as it must be (100 to 199).
	ErrMisuse Family = 1
	// The database, its file or its SQL (200 to 299).
	ErrDatabase Family = 2
	// A migration (300 to 399).
	ErrMigration Family = 3
	// A script (400 to 499).
	ErrScript Family = 4
	// The call was stopped or was not allowed (500 to 599).
	ErrStopped Family = 5
	// A backup (600 to 699).
	ErrBackup Family = 6
	// The library itself (900 to 999).
	ErrLibrary Family = 9
)

// Error tells the family.
func (f Family) Error() string { return "a status from " + strconv.Itoa(int(f)*100) }

// Error is a call that failed, with all that the library says of it. errors.Is finds its [Status] and its [Family] in it, the
// errors of io/fs and context that mean the same, and the error of the callback that stopped the call.
type Error struct {
	Details
	causes []error
}

// Error tells the message and the name of the status.
func (e *Error) Error() string { return "rpmadb: " + e.Message + " (" + e.Name + ")" }

// Is tells whether target is the status, the family, or what the standard library calls the same.
func (e *Error) Is(target error) bool {
	status := Status(e.Status)
	switch target := target.(type) {
	case Status:
		return target == status
	case Family:
		return int32(target) == e.Status/100
	}
	switch status {
	case ErrNotFound:
		return target == fs.ErrNotExist
	case ErrAlreadyExists:
		return target == fs.ErrExist
	case ErrPermission:
		return target == fs.ErrPermission
	case ErrStaleHandle:
		return target == fs.ErrClosed
	case ErrUnsupported:
		return target == errors.ErrUnsupported
	case ErrTimeout:
		return target == context.DeadlineExceeded
	}
	return false
}

// Unwrap returns what stopped the call: the context's error, or that of the host's own function.
func (e *Error) Unwrap() []error { return e.causes }

// because adds a cause.
func because(err, cause error) error {
	var e *Error
	if cause != nil && errors.As(err, &e) {
		e.causes = append(e.causes, cause)
	}
	return err
}

// misuse makes an error for which the library wrote no document.
func misuse(status Status, message string) *Error {
	return &Error{Details: Details{Status: int32(status), Name: status.Error(), Message: message}}
}

// StatusName tells what the library calls a status; "UNKNOWN" for a number that is none.
func StatusName(status Status) (string, error) {
	lib, err := the()
	if err != nil {
		return "", err
	}
	return lib.statusName(int32(status)), nil
}
