package judge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/yaml"

	"gwapi/conformance/shared/gwapi"
)

// What a stream is made of: what stands between documents, keys, indentations, what stands between a key and its value, values, and what
// ends a line. Each list has what is common more than once.
var (
	between = []string{"---\n", "---\n", "---\n", "--- \n", "--- # so\n", "---#so\n", "---\t#so\n", "...\n---\n", "---\n---\n", "----\n", "--- {}\n", "---x\n"}
	before  = []string{"%YAML 1.1\n---\n", "%TAG ! x\n---\n", "\ufeff", "# so\n", "\n", "  \n"}
	mapKeys = []string{"k", "k", "k", `"k"`, "k ", "? k\n ", "1", "yes", "~", "*x", "1.0", "<<", "k:k", "[a]", "1e3", "0x10"}
	indents = []string{"  ", "  ", "  ", "  ", "\t", "  \t", "   "}
	colons  = []string{": ", ": ", ": ", ":\t", ":  ", ":\n    ", " : "}
	values  = []string{
		"yes", "No", "on", "~", "null", "0644", "0o17", "08", "1_000", "1e3", ".5", "-.inf", "0x1F", `"a\tb"`, `"\u00e9"`, `"\/"`, `"\x41"`,
		`"\ud83d\ude00"`, "'it''s'", "a: b", "a #c", "a# c", `"x" `, "|\n    t\n    u\n", ">\n    t\n\n    u\n", "|-\n   t\n", "*x", "&x v",
		"&y {a: 1}", "!!str 1", `!!int "1"`, "!foo bar", "!!binary aGk=", "2024-05-09", "12:30:45", "+1", "1.0", "1.5e3", "0b11", "-0",
		"{a: b, c: [1, 2]}", "[a, b,]", "{a}", `{"a":1}`, "a\n    b", "\tb", "b\t", "a\tb", "- x", "@a", "`a", "%a", "?a", "? a", "-a",
		"- a\n    - b", "=", `"\q"`, "[", "}", `"unclosed`, "a:b", "a:", "::", "#x", "http://x", "é", "1__0", "0_7", "1e400", "y",
		"TRUE", "0.1", "1.", "01.5", "1:2", "0x", "~x", "null x", "---", "...", "--- x", "!!float 1", "!!bool yes", `!!null ""`, "<<: *z",
		"\n\t\"a\"", "[*x, {*x : 1}]",
	}
	ends = []string{"\n", "\n", "\n", " # so\n", "\t# so\n", "\r\n"}
)

func one(from *rand.Rand, list []string) string { return list[from.IntN(len(list))] }

// stream makes a stream of one to three documents.
func stream(from *rand.Rand) string {
	var text strings.Builder
	for document := range 1 + from.IntN(3) {
		if document > 0 || from.IntN(4) == 0 {
			text.WriteString(one(from, between))
		}
		if from.IntN(12) == 0 {
			text.WriteString(one(from, before))
		}
		switch from.IntN(12) {
		case 0:
			text.WriteString(`{"apiVersion":"v1","kind":"ConfigMap","data":{"k":"é"}}` + "\n")
		case 1:
			text.WriteString(`{"apiVersion":"v1","kind":"ConfigMap","data":{"k":"\ud83d\ude00\/"}}` + "\n")
		default:
			name := "a"
			if from.IntN(6) == 0 {
				name = "&x a"
			}
			fmt.Fprintf(&text, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\ndata:\n", name)
			for range from.IntN(4) {
				value, end := one(from, values), one(from, ends)
				if strings.HasSuffix(value, "\n") {
					end = "\n"
				}
				key := one(from, mapKeys)
				// Of several equal keys kubectl reads the last alone, and so sees no number that JSON cannot hold in the others.
				if value == "-.inf" || value == "1e400" {
					key = "number"
				}
				text.WriteString(one(from, indents) + key + one(from, colons) + value + end)
			}
		}
	}
	return text.String()
}

// asKubectl is what kubectl's own code reads: the objects before the first error, and whether there is one.
func asKubectl(text string) ([]any, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	var read []any
	for {
		var value any
		switch err := decoder.Decode(&value); {
		case errors.Is(err, io.EOF):
			return read, nil
		case err != nil:
			return read, err
		case value != nil:
			object, isObject := value.(map[string]any)
			if !isObject {
				return read, fmt.Errorf("%v is no object", value)
			}
			// A byte order mark that is a part of the first key leaves none.
			if object["apiVersion"] == nil {
				return read, fmt.Errorf("%v has no apiVersion", value)
			}
			read = append(read, value)
		}
	}
}

// asGwapi is what the command reads.
func asGwapi(binary, path string) ([]any, error) {
	command := exec.Command(binary, "convert", "-o", "json", path)
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	if err := command.Run(); err != nil {
		// kubectl takes the last of several equal keys without a word.
		for line := range strings.Lines(said.String()) {
			if strings.HasPrefix(line, "error: ") && !strings.Contains(line, "given twice") {
				return nil, errors.New(strings.TrimSpace(line))
			}
		}
	}
	decoder := json.NewDecoder(&out)
	var read []any
	for {
		var value any
		if err := decoder.Decode(&value); errors.Is(err, io.EOF) {
			return read, nil
		} else if err != nil {
			return nil, err
		}
		read = append(read, value)
	}
}

// TestYAML compares on generated streams what kubectl reads with what the command reads, values and refusals.
func TestYAML(t *testing.T) {
	binary, err := gwapi.Binary()
	if err != nil {
		t.Skip(err)
	}
	from, folder := rand.New(rand.NewPCG(1, 2)), t.TempDir()
	const streams = 2_000
	for number := range streams {
		text := stream(from)
		path := filepath.Join(folder, fmt.Sprintf("%d.yaml", number))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		theirs, refused := asKubectl(text)
		ours, complaint := asGwapi(binary, path)
		switch {
		case (refused == nil) != (complaint == nil):
			t.Errorf("%q\nkubectl: %v\ngwapi: %v", text, refused, complaint)
		case refused == nil && !reflect.DeepEqual(theirs, ours):
			t.Errorf("%q\nkubectl: %v\ngwapi: %v", text, theirs, ours)
		}
	}
	t.Logf("%d streams", streams)
}
