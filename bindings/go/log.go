package rpmadb

import (
	"context"
	"log/slog"
	"sync"
)

// LogLevel tells how serious a log line is.
type LogLevel int32

// The levels.
const (
	// Nothing.
	LogOff LogLevel = iota
	// What failed.
	LogError
	// What somebody should look at.
	LogWarn
	// What was done.
	LogInfo
	// How it was done.
	LogDebug
)

// LogLine is one line of the library's log.
type LogLine struct {
	Level           LogLevel
	Target, Message string
}

var logging struct {
	mu       sync.Mutex
	listener *listener[LogLine]
	id       uintptr
}

// SetLog sets where log lines of the whole library go in this process: those of level and the more serious ones; nil is nowhere.
// write may run on any thread and must not use a handle that is in a call there. After a panic it is not called again, and the
// panic is what the next SetLog returns, as a [PanicError].
func SetLog(level LogLevel, write func(LogLine)) error {
	lib, err := the()
	if err != nil {
		return err
	}
	logging.mu.Lock()
	defer logging.mu.Unlock()
	var l *listener[LogLine]
	var id, callback uintptr
	if write != nil {
		l = &listener[LogLine]{tell: write}
		id, callback = enroll(l), lib.callbacks.log
	}
	if status := lib.logSet(int32(level), callback, id); status != 0 {
		dismiss(id)
		return plain("rpmadb_log_set", status)
	}
	err = logging.listener.err()
	dismiss(logging.id)
	logging.listener, logging.id = l, id
	return err
}

// Slog writes log lines to a logger, with their target as an attribute.
func Slog(logger *slog.Logger) func(LogLine) {
	levels := map[LogLevel]slog.Level{LogError: slog.LevelError, LogWarn: slog.LevelWarn, LogInfo: slog.LevelInfo, LogDebug: slog.LevelDebug}
	return func(line LogLine) {
		logger.Log(context.Background(), levels[line.Level], line.Message, slog.String("target", line.Target))
	}
}
