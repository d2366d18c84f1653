package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// What is committed is what the schema says now.
func TestGeneratedFilesAreUpToDate(t *testing.T) {
	files, err := generate("../../../rpmadb.schema.json", "../../../../include/rpmadb.h")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 4 {
		t.Fatal(len(files), "files")
	}
	for name, text := range files {
		committed, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(committed, text) {
			t.Errorf("%s is not what the schema says: go run ./internal/generate ../rpmadb.schema.json ../../include/rpmadb.h .", name)
		}
	}
}

func TestADifferentSchemaMakesDifferentTypes(t *testing.T) {
	text, err := os.ReadFile("../../../rpmadb.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	changed := t.TempDir() + "/schema.json"
	if err := os.WriteFile(changed, []byte(strings.ReplaceAll(string(text), `"busy_timeout_ms"`, `"patience_ms"`)), 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := generate(changed, "../../../../include/rpmadb.h")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(files["options.go"], []byte("PatienceMs *uint64 `json:\"patience_ms,omitzero\"`")) {
		t.Error("options.go does not have the changed member")
	}
}
