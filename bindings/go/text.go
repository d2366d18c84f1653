package rpmadb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unsafe"
)

// text makes a text for C. A NUL inside would end it early, without anybody noticing.
func text(s string) (*byte, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return nil, misuse(ErrInvalidArgument, fmt.Sprintf("the text %q has a NUL inside", s))
	}
	return unsafe.SliceData(append([]byte(s), 0)), nil
}

// texts makes several.
func texts(all ...string) ([]*byte, error) {
	made := make([]*byte, len(all))
	for i, s := range all {
		var err error
		if made[i], err = text(s); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// copied reads a text of C.
func copied(p *byte) []byte {
	if p == nil {
		return nil
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return bytes.Clone(unsafe.Slice(p, n))
}

// answer takes what a call handed out: the report, or the error document.
func (l *library) answer(status int32, out **byte) ([]byte, error) {
	document := copied(*out)
	if *out != nil {
		l.free(*out)
	}
	if status == 0 {
		return document, nil
	}
	var failed documentOfError
	if json.Unmarshal(document, &failed) != nil || failed.Error.Status == 0 {
		return nil, misuse(Status(status), "the library said no more")
	}
	return nil, &Error{Details: failed.Error}
}

// decode reads a report.
func decode[R any](document []byte, err error) (*R, error) {
	if err != nil {
		return nil, err
	}
	report := new(R)
	if err := json.Unmarshal(document, report); err != nil {
		return nil, fmt.Errorf("rpmadb: a report that cannot be read: %w", err)
	}
	return report, nil
}

// encode writes options; nil ones are NULL.
func encode[O any](options *O) (json.RawMessage, error) {
	if options == nil {
		return nil, nil
	}
	document, err := json.Marshal(options)
	if err != nil {
		return nil, misuse(ErrInvalidArgument, err.Error())
	}
	return document, utf8(document)
}

// utf8 finds what encoding/json put in the place of bytes that are not UTF-8: the escape, where a real U+FFFD stands as it is.
func utf8(document []byte) error {
	for rest := document; ; {
		at := bytes.Index(rest, []byte(`\ufffd`))
		if at < 0 {
			return nil
		}
		before := len(rest[:at]) - len(bytes.TrimRight(rest[:at], `\`))
		if before%2 == 0 {
			return misuse(ErrInvalidUtf8, "a text is not UTF-8")
		}
		rest = rest[at+1:]
	}
}

// none stands for the options of a verb that has none.
var none *struct{}

// union is a value of one of several types.
type union struct{ value any }

// MarshalJSON writes the value.
func (u union) MarshalJSON() ([]byte, error) { return json.Marshal(u.value) }

// UnmarshalJSON keeps the value as it is written.
func (u *union) UnmarshalJSON(document []byte) error {
	u.value = json.RawMessage(bytes.Clone(document))
	return nil
}

// Secret is a text that is not printed.
type Secret string

// String tells nothing.
func (Secret) String() string { return "***" }

// GoString tells nothing.
func (Secret) GoString() string { return `rpmadb.Secret("***")` }

// Ptr returns a pointer to value, for options: what is nil there is not sent, and the library's default holds.
func Ptr[T any](value T) *T { return &value }
