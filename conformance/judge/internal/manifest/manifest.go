// Package manifest reads the objects to be judged: from YAML manifests as they stand, from tables of cases that hold
// objects somewhere inside, and from files with one JSON object a line.
package manifest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Groups are the API groups whose objects are judged.
var Groups = []string{"gateway.networking.k8s.io", "gateway.networking.x-k8s.io"}

func judged(apiVersion string) bool {
	for _, g := range Groups {
		if strings.HasPrefix(apiVersion, g+"/") {
			return true
		}
	}
	return false
}

// Object is one object as it is sent.
type Object struct {
	// Where says where it stands, for messages.
	Where string
	// Body is the text; JSON tells its form, else YAML.
	Body []byte
	JSON bool

	APIVersion, Kind, Namespace, Name string
}

type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Namespace any `json:"namespace"`
		Name      any `json:"name"`
	} `json:"metadata"`
}

// ContentType is the media type of the body.
func (o *Object) ContentType() string {
	if o.JSON {
		return "application/json"
	}
	return "application/yaml"
}

func object(where string, body []byte, isJSON bool, h head) Object {
	ns, _ := h.Metadata.Namespace.(string)
	name, _ := h.Metadata.Name.(string)
	return Object{Where: where, Body: body, JSON: isJSON, APIVersion: h.APIVersion, Kind: h.Kind, Namespace: ns, Name: name}
}

// Read collects the objects of all YAML and JSON files.
func Read(dir fs.FS, label string) ([]Object, error) {
	var files []string
	err := fs.WalkDir(dir, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch path.Ext(file) {
		case ".yaml", ".yml", ".json":
			if !d.IsDir() {
				files = append(files, file)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	sort.Strings(files)
	var out []Object
	for _, f := range files {
		text, err := fs.ReadFile(dir, f)
		if err != nil {
			return nil, err
		}
		out = append(out, documents(path.Join(label, f), text)...)
	}
	return out, nil
}

func documents(where string, text []byte) []Object {
	var out []Object
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for n := 1; ; n++ {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			return out
		}
		at := fmt.Sprintf("%s#%d", where, n)
		// Not strict: what stands twice is for the judges to find.
		raw, err := yaml.YAMLToJSON(doc)
		if err != nil {
			continue
		}
		var h head
		if json.Unmarshal(raw, &h) == nil && h.APIVersion != "" && h.Kind != "" && h.Kind != "List" {
			if judged(h.APIVersion) {
				out = append(out, object(at, doc, false, h))
			}
			continue
		}
		var tree any
		if json.Unmarshal(raw, &tree) == nil {
			out = append(out, inside(at, tree)...)
		}
	}
}

// inside finds the objects in a table of cases: wherever a map names an apiVersion of the group and a kind, and in
// texts that are manifests themselves.
func inside(where string, tree any) []Object {
	var out []Object
	switch v := tree.(type) {
	case map[string]any:
		apiVersion, _ := v["apiVersion"].(string)
		_, hasKind := v["kind"].(string)
		_, hasMeta := v["metadata"].(map[string]any)
		if judged(apiVersion) && hasKind && hasMeta {
			body, err := json.Marshal(v)
			if err != nil {
				return nil
			}
			var h head
			if json.Unmarshal(body, &h) != nil {
				return nil
			}
			return []Object{object(where, body, true, h)}
		}
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			out = append(out, inside(where+"."+k, v[k])...)
		}
	case []any:
		for i, item := range v {
			out = append(out, inside(fmt.Sprintf("%s[%d]", where, i), item)...)
		}
	case string:
		if strings.Contains(v, "apiVersion:") && strings.Contains(v, "\n") {
			out = append(out, documents(where, []byte(v))...)
		}
	}
	return out
}

// ReadLines reads one JSON object a line.
func ReadLines(label string, r io.Reader) ([]Object, error) {
	var out []Object
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 1<<20), 64<<20)
	for n := 1; scanner.Scan(); n++ {
		body := bytes.Clone(scanner.Bytes())
		if len(bytes.TrimSpace(body)) == 0 {
			continue
		}
		var h head
		if err := json.Unmarshal(body, &h); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", label, n, err)
		}
		out = append(out, object(fmt.Sprintf("%s:%d", label, n), body, true, h))
	}
	return out, scanner.Err()
}
