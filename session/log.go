package session

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"sync"

	waBinary "go.mau.fi/whatsmeow/binary"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// wireLog hands the library's log lines to slog. Above the debug level phone
// numbers are masked.
type wireLog struct {
	logger *slog.Logger
	debug  bool
	seen   func(*waBinary.Node) // of the log of what is received
	every  func(*waBinary.Node) // for that log
}

// newWireLog makes the log of a client. It is also the only place where the
// library shows every stanza that it receives, to received.
func newWireLog(logger *slog.Logger, received func(*waBinary.Node)) waLog.Logger {
	return wireLog{logger: logger, debug: logger.Enabled(context.Background(), slog.LevelDebug), every: received}
}

func (w wireLog) Debugf(format string, args ...any) {
	if w.seen != nil && len(args) == 1 {
		if stanza, ok := args[0].(*waBinary.Node); ok {
			w.seen(stanza)
		}
	}
	w.log(slog.LevelDebug, format, args)
}

func (w wireLog) Infof(format string, args ...any)  { w.log(slog.LevelInfo, format, args) }
func (w wireLog) Warnf(format string, args ...any)  { w.log(slog.LevelWarn, format, args) }
func (w wireLog) Errorf(format string, args ...any) { w.log(slog.LevelError, format, args) }

func (w wireLog) Sub(module string) waLog.Logger {
	sub := wireLog{logger: w.logger.With("module", module), debug: w.debug}
	if module == "Recv" {
		sub.seen = w.every
	}
	return sub
}

func (w wireLog) log(level slog.Level, format string, args []any) {
	if !w.logger.Enabled(context.Background(), level) {
		return
	}
	line := fmt.Sprintf(format, args...)
	if !w.debug {
		line = mask(line)
	}
	w.logger.Log(context.Background(), level, line)
}

var longNumber = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\d{8,}`) })

// mask hides the middle of everything that may be somebody's phone or id.
func mask(s string) string {
	return longNumber().ReplaceAllStringFunc(s, func(n string) string {
		return n[:2] + "•••••" + n[len(n)-4:]
	})
}

// signalLog hands libsignal's warnings to slog: its own default prints to the
// terminal. What it says below that is dropped, because it spells out keys.
type signalLog struct{ logger *slog.Logger }

func (s signalLog) Debug(string, string)           {}
func (s signalLog) Info(string, string)            {}
func (s signalLog) Warning(caller, message string) { s.logger.Warn(mask(message), "caller", caller) }
func (s signalLog) Error(caller, message string)   { s.logger.Error(mask(message), "caller", caller) }
func (s signalLog) Configure(string)               {}
