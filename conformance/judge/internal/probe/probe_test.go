package probe

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const crd = `
kind: CustomResourceDefinition
spec:
  group: example.com
  names: {kind: Thing}
  versions:
  - name: v1
    served: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [mode]
            properties:
              mode: {type: string, enum: [A, B]}
              count: {type: integer, minimum: 2, maximum: 5}
              names: {type: array, maxItems: 3, items: {type: string, maxLength: 4}}
          status:
            type: object
            properties:
              ready: {type: boolean}
  - name: v2
    served: false
    schema: {openAPIV3Schema: {type: object}}
`

func read(t *testing.T, text string) Bundle {
	t.Helper()
	b, err := Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEachNodeIsProbedWhereAVerdictTurns(t *testing.T) {
	b := read(t, crd)
	probes, err := Of(b)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for _, p := range probes {
		var object map[string]any
		if err := json.Unmarshal(p.Body, &object); err != nil {
			t.Fatal(err)
		}
		tree := "spec"
		if p.Status {
			tree = "status"
		}
		for _, place := range p.Places {
			got[place.String()] = object[tree]
		}
	}
	spec := func(more map[string]any) map[string]any {
		out := map[string]any{"mode": "A"}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	for name, want := range map[string]any{
		"spec absent":                      nil,
		"spec.mode absent":                 map[string]any{},
		`spec.mode the value "B"`:          map[string]any{"mode": "B"},
		"spec.mode an unknown value":       map[string]any{"mode": "Unknown"},
		"spec.count present":               spec(map[string]any{"count": 2.0}),
		"spec.count below the least":       spec(map[string]any{"count": 1.0}),
		"spec.count above the most":        spec(map[string]any{"count": 6.0}),
		"spec.names one too many":          spec(map[string]any{"names": []any{"a", "1", "2", "3"}}),
		"spec.names[] one letter too many": spec(map[string]any{"names": []any{"aaaaa"}}),
		"status.ready text":                map[string]any{"ready": "true"},
		"spec an unknown member":           spec(map[string]any{"unknownField": "x"}),
	} {
		if v, ok := got[name]; !ok || !reflect.DeepEqual(v, want) {
			t.Errorf("%s: %v, want %v", name, v, want)
		}
	}
}

func TestChangedPlacesAreNodesAndTopsOfWhatIsNew(t *testing.T) {
	before := read(t, crd)
	after := read(t, strings.NewReplacer("maximum: 5", "maximum: 6", "ready: {type: boolean}", "more: {type: object, properties: {x: {type: string}}}").Replace(crd))
	want := map[string]bool{
		"example.com/v1/Thing spec.count":   true,
		"example.com/v1/Thing status.ready": true,
		"example.com/v1/Thing status.more":  true,
	}
	if got := Changed(before, after); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if Same(before, after) || !Same(before, read(t, crd)) {
		t.Error("bundles are told apart by their schemas alone")
	}
	served := read(t, strings.Replace(crd, "served: false", "served: true", 1))
	if got := Changed(before, served); !reflect.DeepEqual(got, map[string]bool{"example.com/v2/Thing": true}) {
		t.Errorf("%v: a new version differs as a whole", got)
	}
}

func TestValuesWrittenByHandAreCompletedOrLeftOut(t *testing.T) {
	m := &maker{data: &data{}, kind: &Kind{}, unknown: map[string]bool{}}
	s := read(t, crd)["example.com/v1/Thing"].Schema.Properties["spec"]
	if v, ok := m.completed(&s, "spec", map[string]any{"count": 3.0}); !ok || !reflect.DeepEqual(v, map[string]any{"count": 3.0, "mode": "A"}) {
		t.Errorf("%v %v", v, ok)
	}
	if _, ok := m.completed(&s, "spec", map[string]any{"other": 3.0}); ok {
		t.Error("a value with an unknown member is tried")
	}
	got := repeated([]any{map[string]any{"repeat": 2.0, "of": map[string]any{"a": 1.0}}, "b"})
	if want := []any{map[string]any{"a": 1.0}, map[string]any{"a": 1.0}, "b"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestTheHandWrittenDataCanBeRead(t *testing.T) {
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for pattern, text := range d.texts {
		for _, good := range text.Good {
			if !fits(pattern, good) {
				t.Errorf("%q does not fit %q", good, pattern)
			}
		}
		for _, bad := range text.Bad {
			if fits(pattern, bad) {
				t.Errorf("%q fits %q", bad, pattern)
			}
		}
	}
}
