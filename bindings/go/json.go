package rpmadb

// JSONInt reads an integer of a document by RFC 6901 pointer, such as "/checks/0/cost_us", or a truth value as 1 or 0.
func JSONInt(document, pointer string) (int64, error) {
	value := new(int64)
	err := read(document, pointer, "rpmadb_json_int", func(l *library, document, pointer *byte) int32 { return l.jsonInt(document, pointer, value) })
	return *value, err
}

// JSONReal reads a number of a document as a float64.
func JSONReal(document, pointer string) (float64, error) {
	value := new(float64)
	err := read(document, pointer, "rpmadb_json_real", func(l *library, document, pointer *byte) int32 { return l.jsonReal(document, pointer, value) })
	return *value, err
}

// JSONText reads a text of a document. A NUL inside is shown as U+2400.
func JSONText(document, pointer string) (string, error) {
	value := ""
	err := read(document, pointer, "rpmadb_json_text", func(l *library, document, pointer *byte) int32 {
		out := new(*byte)
		status := l.jsonText(document, pointer, out)
		if *out != nil {
			value = string(copied(*out))
			l.free(*out)
		}
		return status
	})
	return value, err
}

func read(document, pointer, function string, run func(l *library, document, pointer *byte) int32) error {
	lib, err := the()
	if err != nil {
		return err
	}
	arguments, err := texts(document, pointer)
	if err != nil {
		return err
	}
	return plain(function, run(lib, arguments[0], arguments[1]))
}
