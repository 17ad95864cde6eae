// Package probe makes objects from the schemas of CustomResourceDefinitions: for every node of a schema the values at
// which a server changes its mind, each inside the smallest object that is valid but for it.
package probe

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// Schema is a structural schema.
type Schema = apiextensionsv1.JSONSchemaProps

// Kind is a version of a kind that a bundle serves.
type Kind struct {
	Group, Version, Kind string
	Schema               *Schema
	// Status tells whether status is a subresource: judged when it is written, and dropped on creation.
	Status bool
}

// APIVersion is group and version.
func (k *Kind) APIVersion() string { return k.Group + "/" + k.Version }

// Key tells kinds and their versions apart.
func (k *Kind) Key() string { return k.APIVersion() + "/" + k.Kind }

// Bundle is what a server with the CRDs of a release and channel serves, by Key.
type Bundle map[string]*Kind

// Read reads the stream of CustomResourceDefinitions of a bundle.
func Read(stream []byte) (Bundle, error) {
	out := Bundle{}
	for _, doc := range strings.Split("\n"+string(stream), "\n---") {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.Unmarshal([]byte(doc), crd); err != nil {
			return nil, fmt.Errorf("read a CustomResourceDefinition: %w", err)
		}
		if crd.Kind != "CustomResourceDefinition" {
			continue
		}
		for _, v := range crd.Spec.Versions {
			if !v.Served || v.Schema == nil {
				continue
			}
			k := &Kind{Group: crd.Spec.Group, Version: v.Name, Kind: crd.Spec.Names.Kind, Schema: v.Schema.OpenAPIV3Schema}
			k.Status = v.Subresources != nil && v.Subresources.Status != nil
			out[k.Key()] = k
		}
	}
	return out, nil
}

// Serves tells whether a bundle has anything of the group of an apiVersion; a bundle that nothing is known of has.
func (b Bundle) Serves(apiVersion string) bool {
	group, _, _ := strings.Cut(apiVersion, "/")
	for _, k := range b {
		if k.Group == group {
			return true
		}
	}
	return b == nil
}

// Keys are the keys of a bundle, sorted.
func (b Bundle) Keys() []string { return sortedKeys(b) }

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// Step leads from a node to one below it: a property by its name, the items of a list by "[]", the values of a map
// by "{}".
type Step string

const (
	item  Step = "[]"
	value Step = "{}"
)

// Node is a place in a schema.
type Node struct {
	Steps    []Step
	Schema   *Schema
	Required bool
}

// Path writes the place of a node as `spec.rules[].name`.
func Path(steps []Step) string {
	var b strings.Builder
	for _, s := range steps {
		if s != item && s != value && b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(string(s))
	}
	return b.String()
}

// Nodes are all places of a kind's spec or status (under), the root of it first.
func (k *Kind) Nodes(under string) []Node {
	root, ok := k.Schema.Properties[under]
	if !ok {
		return nil
	}
	var out []Node
	var walk func(s *Schema, steps []Step, required bool)
	walk = func(s *Schema, steps []Step, required bool) {
		out = append(out, Node{Steps: steps, Schema: s, Required: required})
		below := func(step Step, child *Schema, required bool) {
			walk(child, append(append([]Step{}, steps...), step), required)
		}
		for _, name := range sortedKeys(s.Properties) {
			child := s.Properties[name]
			below(Step(name), &child, requires(s, name))
		}
		if s.Items != nil && s.Items.Schema != nil {
			below(item, s.Items.Schema, true)
		}
		if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
			below(value, s.AdditionalProperties.Schema, true)
		}
	}
	walk(&root, []Step{Step(under)}, requires(k.Schema, under))
	return out
}

func requires(s *Schema, name string) bool {
	for _, r := range s.Required {
		if r == name {
			return true
		}
	}
	return false
}

// own is what a node says itself, as text: without its descriptions and the nodes below it.
func own(n Node) string {
	s := *n.Schema
	s.Description = ""
	s.Properties = nil
	s.Items = nil
	s.Required = nil
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		s.AdditionalProperties = nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(n.Required, string(text))
}

// Changed are the places (key and path) that differ between two bundles: nodes that say something else, and the top
// of what one of them has alone. A kind or version that one has alone differs as a whole, and is named by its key.
func Changed(a, b Bundle) map[string]bool {
	out := map[string]bool{}
	for _, pair := range [][2]Bundle{{a, b}, {b, a}} {
		for key, k := range pair[0] {
			other, ok := pair[1][key]
			if !ok {
				out[key] = true
				continue
			}
			for _, under := range []string{"spec", "status"} {
				there := map[string]string{}
				for _, n := range other.Nodes(under) {
					there[Path(n.Steps)] = own(n)
				}
				for _, n := range k.Nodes(under) {
					path := Path(n.Steps)
					said, ok := there[path]
					_, above := there[Path(n.Steps[:len(n.Steps)-1])]
					if ok && said != own(n) || !ok && (above || len(n.Steps) == 1) {
						out[key+" "+path] = true
					}
				}
			}
		}
	}
	return out
}

// Same tells whether two bundles say the same.
func Same(a, b Bundle) bool {
	if len(Changed(a, b)) > 0 {
		return false
	}
	for key, k := range a {
		if b[key].Status != k.Status {
			return false
		}
	}
	return true
}
