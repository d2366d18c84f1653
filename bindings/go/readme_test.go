package rpmadb

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// The first program of the README, as a stranger would build it: in a module of its own, and the other pieces with it.
func TestReadmeExample(t *testing.T) {
	readme := must(os.ReadFile("README.md"))(t)
	program := regexp.MustCompile("(?s)```go\n(package main.*?)```").FindSubmatch(readme)
	if program == nil {
		t.Fatal("README.md has no program")
	}
	pieces := "package main\n\nimport (\n\t\"context\"\n\n\t\"rpmadb.io/rpmadb\"\n)\n"
	for i, piece := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(readme, -1)[1:] {
		pieces += fmt.Sprintf("\nfunc Piece%d(ctx context.Context, db *rpmadb.Database) (any, error) {\n%s\nreturn report, err\n}\n", i, piece[1])
	}
	contains(t, pieces, "Piece0")
	here := must(filepath.Abs("."))(t)
	folder := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(folder, "main.go"), program[1], 0o644))
	ok(t, os.WriteFile(filepath.Join(folder, "pieces.go"), []byte(pieces), 0o644))
	ok(t, os.WriteFile(filepath.Join(folder, "go.sum"), must(os.ReadFile("go.sum"))(t), 0o644))
	for _, arguments := range [][]string{
		{"mod", "init", "example.com/program"},
		{"mod", "edit", "-replace=rpmadb.io/rpmadb=" + here, "-require=rpmadb.io/rpmadb@v0.0.0"},
		{"mod", "tidy"},
		{"vet", "."},
		{"build", "-o", "program", "."},
	} {
		command := exec.Command("go", arguments...)
		command.Dir = folder
		if said, err := command.CombinedOutput(); err != nil {
			t.Fatal(arguments, err, string(said))
		}
	}
	command := exec.Command(filepath.Join(folder, "program"))
	command.Dir = folder
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatal(err, string(said))
	}
	contains(t, string(said), "Ada\n")
	contains(t, string(said), "CONSTRAINT")
	contains(t, string(said), "saved and verified: true")
	if _, err := os.Stat(filepath.Join(folder, "backup.db")); err != nil {
		t.Fatal(err)
	}
}
