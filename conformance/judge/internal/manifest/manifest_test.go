package manifest

import (
	"strings"
	"testing"
)

func TestObjectsAreFoundInManifestsAndInTables(t *testing.T) {
	text := `apiVersion: v1
kind: Service
metadata: {name: ignored}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: a, namespace: n}
spec: {x: 1, x: 2}
---
cases:
- name: one
  object: {apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: b}}
- name: two
  text: |
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata: {name: c}
`
	var got []string
	for _, o := range documents("f", []byte(text)) {
		got = append(got, o.Where+" "+o.Name)
	}
	if want := "f#2 a, f#3.cases[0].object b, f#3.cases[1].text#1 c"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
	if d := documents("f", []byte(text))[0]; d.JSON || !strings.Contains(string(d.Body), "x: 2") {
		t.Error("a manifest is not sent as it stands")
	}
}

func TestLinesAreObjects(t *testing.T) {
	objects, err := ReadLines("c", strings.NewReader("{\"apiVersion\":\"g/v1\",\"kind\":\"K\",\"metadata\":{\"name\":\"a\"}}\n{\"kind\":\"L\"}\n"))
	if err != nil || len(objects) != 2 || objects[1].Where != "c:2" || objects[0].Name != "a" {
		t.Errorf("%v %v", objects, err)
	}
}
