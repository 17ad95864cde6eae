package probe

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// maker makes values for one version of a kind.
type maker struct {
	*data
	kind *Kind
	// unknown collects patterns without an example.
	unknown map[string]bool
	// near are the needs of each place.
	near map[string][]need
}

// at are the needs of a place.
func (m *maker) at(at string) []need {
	out, ok := m.near[at]
	if !ok {
		for _, n := range m.needs {
			if n.at.MatchString(at) && among(n.Kinds, m.kind.Kind) {
				out = append(out, n)
			}
		}
		if m.near == nil {
			m.near = map[string][]need{}
		}
		m.near[at] = out
	}
	return out
}

// smallest is the least that the schema and the needs ask for.
func (m *maker) smallest(s *Schema, at string) any {
	if len(s.Enum) > 0 {
		return decode(s.Enum[0].Raw)
	}
	switch s.Type {
	case "object":
		return m.object(s, at, "", nil)
	case "array":
		out := []any{}
		if s.MinItems != nil && s.Items != nil {
			for i := range *s.MinItems {
				out = append(out, m.varied(s.Items.Schema, m.smallest(s.Items.Schema, at+"[]"), int(i)))
			}
		}
		return out
	case "integer", "number":
		if s.Minimum != nil && *s.Minimum > 0 {
			return *s.Minimum
		}
		return float64(1)
	case "boolean":
		return true
	}
	return m.good(s)
}

// object is the smallest object at a place, ready for a member below it: rest is the way to it, leaf its value.
func (m *maker) object(s *Schema, at, rest string, leaf any) map[string]any {
	out := map[string]any{}
	for _, name := range s.Required {
		child, ok := s.Properties[name]
		if ok {
			out[name] = m.smallest(&child, join(at, name))
		}
	}
	var plain, special []need
	for _, n := range m.at(at) {
		switch {
		case n.under == nil:
			plain = append(plain, n)
		case n.under.MatchString(rest) && (n.Equals == "" || n.Equals == fmt.Sprint(leaf)):
			special = append(special, n)
		}
	}
	if len(special) == 0 {
		special = plain
	}
	for _, n := range special {
		m.lay(s, at, out, n.Value)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil && s.MinProperties != nil {
		for i := range *s.MinProperties {
			out[key(int(i))] = m.smallest(s.AdditionalProperties.Schema, at+"{}")
		}
	}
	return out
}

// lay puts an overlay on an object: what the schema does not know stays out.
func (m *maker) lay(s *Schema, at string, object, over map[string]any) {
	for _, name := range sortedKeys(over) {
		child, ok := s.Properties[name]
		if !ok {
			if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
				object[name] = over[name]
			}
			continue
		}
		v := copied(over[name])
		if inner, ok := v.(map[string]any); ok {
			below, ok := object[name].(map[string]any)
			if !ok {
				below = m.object(&child, join(at, name), "", nil)
			}
			m.lay(&child, join(at, name), below, inner)
			object[name] = below
			continue
		}
		if list, ok := v.([]any); ok && child.Items != nil {
			for i, each := range list {
				if inner, ok := each.(map[string]any); ok {
					below := m.required(child.Items.Schema, join(at, name)+"[]")
					m.lay(child.Items.Schema, join(at, name)+"[]", below, inner)
					list[i] = below
				}
			}
		}
		object[name] = v
	}
}

// required is an object with what its schema requires, without needs.
func (m *maker) required(s *Schema, at string) map[string]any {
	out := map[string]any{}
	for _, name := range s.Required {
		if child, ok := s.Properties[name]; ok {
			out[name] = m.smallest(&child, join(at, name))
		}
	}
	return out
}

// completed adds to a value what the schema requires. It fails where the value has a member that the schema lacks.
func (m *maker) completed(s *Schema, at string, v any) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		if s.Type != "object" {
			return v, true
		}
		out := map[string]any{}
		for name, member := range v {
			child, known := s.Properties[name]
			switch {
			case known:
				done, ok := m.completed(&child, join(at, name), member)
				if !ok {
					return nil, false
				}
				out[name] = done
			case s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil:
				out[name] = member
			default:
				return nil, false
			}
		}
		for _, name := range s.Required {
			if child, known := s.Properties[name]; known {
				if _, given := v[name]; !given {
					out[name] = m.smallest(&child, join(at, name))
				}
			}
		}
		return out, true
	case []any:
		if s.Items == nil || s.Items.Schema == nil {
			return v, true
		}
		out := make([]any, len(v))
		for i, each := range v {
			done, ok := m.completed(s.Items.Schema, at+"[]", each)
			if !ok {
				return nil, false
			}
			out[i] = done
		}
		return out, true
	}
	return v, true
}

// place builds the smallest object (of the spec or status) in which the node at the end of steps has the value; absent
// leaves it out instead.
func (m *maker) place(s *Schema, at string, steps []Step, v any, absent bool) any {
	if len(steps) == 0 {
		return v
	}
	rest := strings.TrimPrefix(Path(steps), ".")
	switch step := steps[0]; step {
	case item:
		return []any{m.place(s.Items.Schema, at+"[]", steps[1:], v, absent)}
	case value:
		return map[string]any{key(0): m.place(s.AdditionalProperties.Schema, at+"{}", steps[1:], v, absent)}
	default:
		out := m.object(s, at, rest, v)
		if absent && len(steps) == 1 {
			delete(out, string(step))
			return out
		}
		child := s.Properties[string(step)]
		out[string(step)] = m.place(&child, join(at, string(step)), steps[1:], v, absent)
		return out
	}
}

func key(i int) string {
	if i == 0 {
		return "example.com/key"
	}
	return fmt.Sprintf("example.com/key%d", i)
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// good is a text that a string schema accepts.
func (m *maker) good(s *Schema) string {
	if s.Format == "date-time" {
		return "2024-05-09T12:00:00Z"
	}
	if s.Pattern == "" {
		return "a"
	}
	t, ok := m.texts[s.Pattern]
	if !ok {
		m.unknown[s.Pattern] = true
		return "a"
	}
	return t.Good[0]
}

// long is a text of a length that fits the pattern, or "" where none does.
func (m *maker) long(s *Schema, n int) (string, bool) {
	t, ok := m.texts[s.Pattern]
	if !ok {
		t.Unit = "a"
	}
	fill := n - len(t.Head) - len(t.Tail)
	if fill < 0 {
		if n == 1 {
			if out := m.good(s); len(out) == 1 {
				return out, true
			}
			return t.Unit, fits(s.Pattern, t.Unit)
		}
		return "", n == 0
	}
	out := t.Head + strings.Repeat(t.Unit, fill) + t.Tail
	return out, fits(s.Pattern, out)
}

// compiled are the patterns of schemas.
var compiled sync.Map

func fits(pattern, text string) bool {
	if known, ok := compiled.Load(pattern); ok {
		return known.(*regexp.Regexp).MatchString(text)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return false
	}
	compiled.Store(pattern, re)
	return re.MatchString(text)
}

// varied is the value as the i-th of a list: texts and numbers that may differ do.
func (m *maker) varied(s *Schema, v any, i int) any {
	if i == 0 || s == nil {
		return v
	}
	switch v := v.(type) {
	case string:
		if len(s.Enum) > 0 {
			return decode(s.Enum[i%len(s.Enum)].Raw)
		}
		t := m.texts[s.Pattern]
		if s.Pattern != "" && t.Head == "" && t.Tail == "" {
			if out := fmt.Sprintf("%s%d", v, i); fits(s.Pattern, out) {
				return out
			}
		}
		for _, out := range []string{fmt.Sprintf("%s%s%d%s", t.Head, t.Unit, i, t.Tail), fmt.Sprintf("%s%d", v, i), fmt.Sprintf("%d%s", i, v)} {
			if s.Pattern == "" || fits(s.Pattern, out) {
				return out
			}
		}
		return v
	case float64:
		out := v + float64(i)
		if s.Maximum != nil && out > *s.Maximum {
			return v
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, member := range v {
			child, ok := s.Properties[name]
			if !ok || name == "type" || name == "kind" || name == "group" || name == "protocol" {
				out[name] = member
				continue
			}
			out[name] = m.varied(&child, member, i)
		}
		return out
	}
	return v
}

func decode(raw []byte) any {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return v
}

// copied is a value that shares nothing with the given one.
func copied(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, member := range v {
			out[k] = copied(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, each := range v {
			out[i] = copied(each)
		}
		return out
	}
	return v
}
