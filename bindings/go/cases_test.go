package rpmadb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

type testCase struct {
	Name   string
	Files  map[string]string
	Open   json.RawMessage
	Opened any
	Calls  []testCall
}

type testCall struct {
	As        *struct{ Actor, Role string }
	Verb      string
	Arguments map[string]any
	Options   json.RawMessage
	Report    any
	Error     any
}

// argumentNames tells the arguments of the verbs in their order, from the schema.
func argumentNames(t *testing.T) map[string][]string {
	var schema struct {
		Verbs map[string]struct{ Arguments []struct{ Name string } }
	}
	ok(t, json.Unmarshal(must(os.ReadFile("../rpmadb.schema.json"))(t), &schema))
	names := map[string][]string{}
	for verb, v := range schema.Verbs {
		names[verb] = nil
		for _, argument := range v.Arguments {
			names[verb] = append(names[verb], argument.Name)
		}
	}
	return names
}

// The same calls for all bindings. Each is made through its method and types, and then by name, in a folder of its own.
func TestCases(t *testing.T) {
	names := argumentNames(t)
	text := string(must(os.ReadFile("../cases.json"))(t))
	for _, typed := range []bool{true, false} {
		var number struct{ Cases []json.RawMessage }
		ok(t, json.Unmarshal([]byte(text), &number))
		if len(number.Cases) < 10 {
			t.Fatalf("only %d cases", len(number.Cases))
		}
		for _, raw := range number.Cases {
			folder := t.TempDir()
			var c testCase
			ok(t, exact([]byte(strings.ReplaceAll(string(raw), "${folder}", folder)), &c))
			t.Run(fmt.Sprintf("typed=%v/%s", typed, c.Name), func(t *testing.T) { runCase(t, c, folder, names, typed) })
		}
	}
}

func runCase(t *testing.T, c testCase, folder string, names map[string][]string, typed bool) {
	for name, text := range c.Files {
		path := filepath.Join(folder, name)
		ok(t, os.MkdirAll(filepath.Dir(path), 0o755))
		ok(t, os.WriteFile(path, []byte(text), 0o644))
	}
	var options OpenOptions
	if c.Open != nil {
		ok(t, strict(c.Open, &options))
	}
	db := must(Open(background, filepath.Join(folder, "app.db"), &options))(t)
	defer db.Close()
	if c.Opened != nil {
		same(t, "opened", written(t, db.Opened()), c.Opened)
	}
	for i, call := range c.Calls {
		where := fmt.Sprintf("call %d, %s", i, call.Verb)
		report, err := makeCall(t, db, call, names, typed)
		var e *Error
		switch {
		case call.Error != nil && errors.As(err, &e):
			if !errors.Is(err, Status(e.Status)) || !errors.Is(err, Family(e.Status/100)) {
				t.Errorf("%s: %v is not its own status and family", where, err)
			}
			same(t, where, written(t, e.Details), call.Error)
		case call.Error != nil:
			t.Fatalf("%s: got %v and error %v, want the error %v", where, report, err, call.Error)
		case err != nil:
			t.Fatalf("%s: %v", where, err)
		default:
			same(t, where, written(t, report), call.Report)
		}
	}
}

func makeCall(t *testing.T, db *Database, call testCall, names map[string][]string, typed bool) (any, error) {
	if call.As != nil {
		second, err := db.As(background, call.As.Actor, Role(call.As.Role))
		if err != nil {
			return nil, err
		}
		defer second.Close()
		db = second
	}
	known, ok := names[call.Verb]
	if !ok {
		t.Fatalf("no verb %s", call.Verb)
	}
	if typed {
		if call.Verb == "query" {
			return db.Query(background, call.Arguments["sql"].(string), sqlValues(call.Arguments["params"])...)
		}
		method := reflect.ValueOf(db).MethodByName(methodName(call.Verb))
		given := []reflect.Value{reflect.ValueOf(background)}
		for _, name := range known {
			value := call.Arguments[name]
			switch want := method.Type().In(len(given)); {
			case value == nil:
				given = append(given, reflect.Zero(want))
			case want == reflect.TypeFor[int64]():
				number, err := value.(json.Number).Int64()
				if err != nil {
					t.Fatal(err)
				}
				given = append(given, reflect.ValueOf(number))
			case want == reflect.TypeFor[*string]():
				given = append(given, reflect.ValueOf(Ptr(value.(string))))
			default:
				given = append(given, reflect.ValueOf(value))
			}
		}
		fits := true
		if len(given) < method.Type().NumIn() {
			options := reflect.Zero(method.Type().In(len(given)))
			if call.Options != nil {
				options = reflect.New(options.Type().Elem())
				fits = strict(call.Options, options.Interface()) == nil
			}
			given = append(given, options)
		}
		if fits { // else the types cannot even say what the case has wrong
			out := method.Call(given)
			err, _ := out[1].Interface().(error)
			return out[0].Interface(), err
		}
	}
	var given []any
	for _, name := range known {
		value := call.Arguments[name]
		if number, ok := value.(json.Number); ok {
			n, err := number.Int64()
			if err != nil {
				t.Fatal(err)
			}
			value = n
		}
		if call.Verb == "query" && name == "params" && value != nil {
			value = json.RawMessage(written(t, value))
		}
		given = append(given, value)
	}
	report, err := db.Call(background, call.Verb, call.Options, given...)
	if err == nil { // the types know every member of what is answered
		method := reflect.ValueOf(db).MethodByName(methodName(call.Verb))
		if err := strict(report, reflect.New(method.Type().Out(0).Elem()).Interface()); err != nil {
			t.Errorf("%s: %v in %s", call.Verb, err, report)
		}
	}
	return report, err
}

func methodName(verb string) (name string) {
	for word := range strings.SplitSeq(verb, "_") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

// sqlValues makes of parameters in JSON what a Go program passes.
func sqlValues(params any) []any {
	one := func(v any) any {
		switch v := v.(type) {
		case json.Number:
			if n, err := v.Int64(); err == nil {
				return n
			}
			f, _ := v.Float64()
			return f
		case map[string]any:
			var c cell
			text, _ := json.Marshal(v)
			if err := c.UnmarshalJSON(text); err != nil {
				panic(err)
			}
			return c.value
		}
		return v
	}
	switch params := params.(type) {
	case []any:
		var all []any
		for _, v := range params {
			all = append(all, one(v))
		}
		return all
	case map[string]any:
		named := Named{}
		for name, v := range params {
			named[name] = one(v)
		}
		return []any{named}
	}
	return nil
}

// exact reads JSON with its numbers as they are written.
func exact(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}

func strict(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

func written(t testing.TB, value any) []byte {
	return must(json.Marshal(value))(t)
}

// same fails unless what was answered has all that was expected.
func same(t *testing.T, where string, answered []byte, expected any) {
	t.Helper()
	var got any
	ok(t, exact(answered, &got))
	if difference := differs("", got, expected); difference != "" {
		t.Errorf("%s: %s\nin %s", where, difference, answered)
	}
}

func differs(path string, got, want any) string {
	wrong := fmt.Sprintf("%s: got %#v, want %#v", path, got, want)
	switch want := want.(type) {
	case map[string]any:
		if kind, ok := want["$type"].(string); ok {
			if !isType(got, kind) {
				return wrong
			}
			return ""
		}
		object, ok := got.(map[string]any)
		if !ok {
			return wrong
		}
		for name, value := range want {
			member, there := object[name]
			if !there {
				return path + "/" + name + " is missing"
			}
			if difference := differs(path+"/"+name, member, value); difference != "" {
				return difference
			}
		}
		return ""
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return wrong
		}
		for i := range want {
			if difference := differs(fmt.Sprintf("%s/%d", path, i), list[i], want[i]); difference != "" {
				return difference
			}
		}
		return ""
	case json.Number:
		number, ok := got.(json.Number)
		if !ok {
			return wrong
		}
		a, _ := new(big.Rat).SetString(number.String())
		b, _ := new(big.Rat).SetString(want.String())
		if a.Cmp(b) != 0 {
			return wrong
		}
		return ""
	}
	if got != want {
		return wrong
	}
	return ""
}

func isType(value any, kind string) bool {
	switch value := value.(type) {
	case json.Number:
		return kind == "number" || kind == "integer" && !strings.ContainsAny(value.String(), ".eE")
	case string:
		return kind == "text"
	case bool:
		return kind == "boolean"
	case []any:
		return kind == "array"
	case map[string]any:
		return kind == "object"
	}
	return false
}

// A comparison that finds nothing wrong would make every case pass.
func TestComparisonFindsDifferences(t *testing.T) {
	for _, pair := range [][2]string{
		{`{"a": 1}`, `{"a": 2}`}, {`{}`, `{"a": 1}`}, {`[1, 2]`, `[1]`}, {`9007199254740993`, `9007199254740992`},
		{`"1"`, `1`}, {`{"a": null}`, `{"a": {"$type": "text"}}`}, {`1.5`, `{"$type": "integer"}`}, {`null`, `[]`},
	} {
		var got, want any
		ok(t, exact([]byte(pair[0]), &got))
		ok(t, exact([]byte(pair[1]), &want))
		if differs("", got, want) == "" {
			t.Errorf("%s passes for %s", pair[0], pair[1])
		}
	}
}
