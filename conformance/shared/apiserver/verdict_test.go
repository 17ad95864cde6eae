package apiserver

import (
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestPathsAreWrittenOneWay(t *testing.T) {
	for path, want := range map[string]string{
		"spec.rules[0].matches[12].path.value":         "spec.rules[0].matches[12].path.value",
		".spec.listeners[0]":                           "spec.listeners[0]",
		"$.spec":                                       "spec",
		`spec.listeners[0].tls.options["a.b/c"]`:       "spec.listeners[0].tls.options.a.b/c",
		"spec.listeners[0].tls.options[example.com/x]": "spec.listeners[0].tls.options.example.com/x",
	} {
		if got := Normal(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestFieldsComeFromCausesAndFromStrictDecoding(t *testing.T) {
	status := &metav1.Status{
		Message: `strict decoding error: unknown field "spec.rules[0].colour", duplicate field "spec.hostnames"`,
		Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Field: "spec.parentRefs"}, {Field: "<nil>"}, {Field: "spec.parentRefs"}}},
	}
	want := []string{"spec.hostnames", "spec.parentRefs", "spec.rules[0].colour"}
	if got := fields(status); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if key, ok := DuplicateKey(`error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "name" already set in map`); !ok || key != "name" {
		t.Errorf("the duplicate key is %q", key)
	}
}
