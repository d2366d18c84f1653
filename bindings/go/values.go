package rpmadb

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	unicode "unicode/utf8"
)

// Row holds the values of one row: int64, float64, string, []byte and nil.
type Row []any

// Named are parameters by name, without the colon. It is the only argument of a Query that has it.
type Named map[string]any

type cell struct{ value any }

// UnmarshalJSON reads the values without losing a bit.
func (r *Row) UnmarshalJSON(document []byte) error {
	var cells []cell
	if err := json.Unmarshal(document, &cells); err != nil {
		return err
	}
	*r = make(Row, len(cells))
	for i, c := range cells {
		(*r)[i] = c.value
	}
	return nil
}

func (c *cell) UnmarshalJSON(document []byte) (err error) {
	switch document[0] {
	case '"':
		var s string
		err = json.Unmarshal(document, &s)
		c.value = s
	case '{':
		var wrapped struct{ Base64, Real *string }
		if err = json.Unmarshal(document, &wrapped); err != nil {
			return err
		}
		switch {
		case wrapped.Base64 != nil:
			c.value, err = base64.StdEncoding.DecodeString(*wrapped.Base64)
		case wrapped.Real != nil:
			c.value, err = strconv.ParseFloat(*wrapped.Real, 64)
		default:
			err = fmt.Errorf("a value that is none: %s", document)
		}
	case 'n':
		c.value = nil
	default:
		if number := string(document); strings.ContainsAny(number, ".eE") {
			c.value, err = strconv.ParseFloat(number, 64)
		} else {
			c.value, err = strconv.ParseInt(number, 10, 64)
		}
	}
	return err
}

// MarshalJSON writes the values as the library writes them.
func (r Row) MarshalJSON() ([]byte, error) { return values(r) }

// params writes the parameters of a statement; none are NULL.
func params(args []any) (json.RawMessage, error) {
	if len(args) == 0 {
		return nil, nil
	}
	if named, ok := args[0].(Named); ok {
		if len(args) > 1 {
			return nil, misuse(ErrInvalidArgument, "parameters by name and by place do not go together")
		}
		if named == nil {
			return nil, nil
		}
		names := make([]string, 0, len(named))
		for name := range named {
			names = append(names, name)
		}
		slices.Sort(names)
		out := []byte{'{'}
		for i, name := range names {
			if i > 0 {
				out = append(out, ',')
			}
			var err error
			if out, err = value(out, name); err != nil {
				return nil, err
			}
			out = append(out, ':')
			if out, err = value(out, named[name]); err != nil {
				return nil, fmt.Errorf("parameter %s: %w", name, err)
			}
		}
		return append(out, '}'), nil
	}
	return values(args)
}

func values(all []any) ([]byte, error) {
	out := []byte{'['}
	for i, v := range all {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = value(out, v); err != nil {
			return nil, fmt.Errorf("parameter %d: %w", i+1, err)
		}
	}
	return append(out, ']'), nil
}

// value appends a value of SQL.
func value(out []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(out, "null"...), nil
	case json.RawMessage:
		return append(out, v...), nil
	case []byte:
		if v == nil {
			return append(out, "null"...), nil
		}
		out = append(out, `{"base64":"`...)
		out = base64.StdEncoding.AppendEncode(out, v)
		return append(out, `"}`...), nil
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return append(out, "null"...), nil
		}
		return value(out, r.Elem().Interface())
	case reflect.Bool:
		return strconv.AppendBool(out, r.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(out, r.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(out, r.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return real(out, r.Float())
	case reflect.String:
		if !unicode.ValidString(r.String()) {
			return nil, misuse(ErrInvalidUtf8, "a text is not UTF-8")
		}
		quoted, err := json.Marshal(r.String())
		return append(out, quoted...), err
	}
	return nil, misuse(ErrInvalidArgument, fmt.Sprintf("a %T is no value of SQL", v))
}

// real keeps a number real: a whole one gets its point, or it would arrive as an integer.
func real(out []byte, f float64) ([]byte, error) {
	switch {
	case math.IsNaN(f):
		return nil, misuse(ErrInvalidArgument, "not a number is no value of SQL")
	case math.IsInf(f, 1):
		return append(out, `{"real":"inf"}`...), nil
	case math.IsInf(f, -1):
		return append(out, `{"real":"-inf"}`...), nil
	}
	start := len(out)
	out = strconv.AppendFloat(out, f, 'g', -1, 64)
	if !strings.ContainsAny(string(out[start:]), ".e") {
		out = append(out, ".0"...)
	}
	return out, nil
}
