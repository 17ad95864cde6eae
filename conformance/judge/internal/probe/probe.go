package probe

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"sort"
	"strings"
)

// Probe is one object that is made to be judged.
type Probe struct {
	APIVersion, Kind, Key string
	// Places are what it tries: one object may do for several.
	Places []Place
	// Status tells that the object's status is written, not the object created.
	Status bool
	Body   []byte
}

// Place is a node and what is tried there.
type Place struct {
	Path, What string
	// Present tells that the node is there with a value that its schema allows, Rule that the value was written by hand
	// for a rule between fields, Key that it is about a key of a map, which such rules judge.
	Present, Rule, Key bool
}

// String is path and what is tried.
func (p Place) String() string { return p.Path + " " + p.What }

// Name says what the probe is, for messages.
func (p *Probe) Name() string { return p.Places[0].String() }

// At tells whether the probe tries something at a path.
func (p *Probe) At(path string) bool {
	for _, place := range p.Places {
		if place.Path == path {
			return true
		}
	}
	return false
}

// ID tells probes apart by what is sent.
func (p *Probe) ID() string { return fmt.Sprint(p.Status, " ", string(p.Body)) }

// Changed tells whether the probe is about one of the places that differ between two bundles. Of a kind or version
// that is new as a whole the smallest object is.
func (p *Probe) Changed(places map[string]bool) bool {
	for _, place := range p.Places {
		if places[p.Key] && place.Path == "spec" && place.Present || places[p.Key+" "+place.Path] {
			return true
		}
	}
	return false
}

// Hash is a number for the probe that depends on nothing but its body and the seed.
func (p *Probe) Hash(seed int64) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d", seed)
	h.Write(p.Body)
	return h.Sum64()
}

// Name is the name of every object that is made.
const Name = "probe"

// Of makes all probes of a bundle.
func Of(b Bundle) ([]Probe, error) {
	d, err := load()
	if err != nil {
		return nil, err
	}
	var out []Probe
	unknown := map[string]bool{}
	for _, key := range b.Keys() {
		k := b[key]
		m := &maker{data: d, kind: k, unknown: unknown}
		out = append(out, m.probes("spec")...)
		if k.Status {
			out = append(out, m.probes("status")...)
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("patterns.yaml has no example for %q", sortedKeys(unknown))
	}
	return out, nil
}

// Smallest are the smallest valid objects of a bundle, by key.
func Smallest(b Bundle) (map[string][]byte, error) {
	d, err := load()
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for key, k := range b {
		m := &maker{data: d, kind: k, unknown: map[string]bool{}}
		if out[key], err = json.Marshal(m.whole(nil)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// whole is the smallest object with its spec, or with the given members instead.
func (m *maker) whole(with map[string]any) map[string]any {
	out := map[string]any{
		"apiVersion": m.kind.APIVersion(), "kind": m.kind.Kind,
		"metadata": map[string]any{"name": Name},
	}
	if spec, ok := m.kind.Schema.Properties["spec"]; ok {
		out["spec"] = m.smallest(&spec, "spec")
	}
	for name, v := range with {
		out[name] = v
	}
	return out
}

func (m *maker) probes(under string) []Probe {
	var out []Probe
	seen := map[string]int{}
	add := func(n Node, v any, absent bool, place Place) {
		root := m.kind.Schema.Properties[under]
		object := m.whole(nil)
		if absent && len(n.Steps) == 1 {
			delete(object, under)
		} else {
			object[under] = m.place(&root, under, n.Steps[1:], v, absent)
		}
		body, err := json.Marshal(object)
		if err != nil {
			return
		}
		i, ok := seen[string(body)]
		if !ok {
			i = len(out)
			seen[string(body)] = i
			out = append(out, Probe{
				APIVersion: m.kind.APIVersion(), Kind: m.kind.Kind, Key: m.kind.Key(), Status: under == "status", Body: body,
			})
		}
		place.Path = Path(n.Steps)
		out[i].Places = append(out[i].Places, place)
	}
	for _, n := range m.kind.Nodes(under) {
		at := Path(n.Steps)
		for _, t := range m.tries(n.Schema, at) {
			add(n, t.value, false, Place{What: t.what, Present: t.present, Key: t.key})
		}
		last := n.Steps[len(n.Steps)-1]
		if last != item && last != value {
			add(n, nil, true, Place{What: "absent"})
		}
		for _, r := range m.rules {
			if !r.at.MatchString(at) || !among(r.Kinds, m.kind.Kind) {
				continue
			}
			for _, side := range []struct {
				says   string
				values []any
			}{{"accepted", r.Accepted}, {"refused", r.Refused}} {
				for i, v := range side.values {
					if done, ok := m.completed(n.Schema, at, copied(v)); ok {
						add(n, done, false, Place{What: fmt.Sprintf("%s: %s %d", r.Because, side.says, i), Rule: true})
					}
				}
			}
		}
	}
	return out
}

// try is a value for a node.
type try struct {
	what    string
	value   any
	present bool
	key     bool
}

// tries are the values of a node at which a verdict may turn.
func (m *maker) tries(s *Schema, at string) []try {
	smallest := m.smallest(s, at)
	present := smallest
	if list, ok := smallest.([]any); ok && len(list) == 0 && s.Items != nil && (s.MaxItems == nil || *s.MaxItems > 0) {
		present = []any{m.smallest(s.Items.Schema, at+"[]")}
	}
	out := []try{{what: "present", value: present, present: true}, {what: "null"}}
	say := func(what string, v any) { out = append(out, try{what: what, value: v}) }
	switch s.Type {
	case "object":
		more := func(n int) map[string]any {
			full := map[string]any{}
			for i := range n {
				full[key(i)] = m.smallest(s.AdditionalProperties.Schema, at+"{}")
			}
			return full
		}
		say("a text", "x")
		say("a list", []any{})
		say("empty", map[string]any{})
		if base, ok := copied(smallest).(map[string]any); ok && s.AdditionalProperties == nil {
			base["unknownField"] = "x"
			say("an unknown member", base)
		} else if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
			if s.MaxProperties != nil {
				say("as many as allowed", more(int(*s.MaxProperties)))
				say("one too many", more(int(*s.MaxProperties)+1))
			}
			for _, k := range []string{"plain", "Upper_9.x", "example.com/", "-x", "a/b/c", "under_score.com/x", strings.Repeat("a", 64), "a/" + strings.Repeat("a", 64), strings.Repeat("a", 253) + "/x", ""} {
				out = append(out, try{what: "the key " + shortened(k), value: map[string]any{k: m.smallest(s.AdditionalProperties.Schema, at+"{}")}, key: true})
			}
		}
	case "array":
		var of *Schema
		if s.Items != nil {
			of = s.Items.Schema
		}
		say("a text", "x")
		say("an object", map[string]any{})
		if of == nil {
			break
		}
		one := m.smallest(of, at+"[]")
		list := func(n int) []any {
			full := make([]any, n)
			for i := range full {
				full[i] = m.varied(of, one, i)
			}
			return full
		}
		say("empty", []any{})
		say("one", list(1))
		say("two", list(2))
		say("twice the same", []any{one, one})
		say("null inside", []any{nil})
		if s.MinItems != nil && *s.MinItems > 1 {
			say("too few", list(int(*s.MinItems)-1))
		}
		if s.MaxItems != nil {
			say("as many as allowed", list(int(*s.MaxItems)))
			say("one too many", list(int(*s.MaxItems)+1))
		}
	case "integer", "number":
		say("text", fmt.Sprint(smallest))
		say("a fraction", 1.5)
		say("zero", 0)
		say("negative", -1)
		say("beyond 32 bits", int64(3_000_000_000))
		if s.Minimum != nil {
			say("the least", *s.Minimum)
			say("below the least", *s.Minimum-1)
		}
		if s.Maximum != nil {
			say("the most", *s.Maximum)
			say("above the most", *s.Maximum+1)
		}
		for _, e := range s.Enum {
			say("the value "+string(e.Raw), decode(e.Raw))
		}
	case "boolean":
		say("true", true)
		say("false", false)
		say("text", "true")
		for _, e := range s.Enum {
			say("the value "+string(e.Raw), decode(e.Raw))
		}
	case "string":
		say("a number", 7)
		for _, e := range s.Enum {
			say("the value "+string(e.Raw), decode(e.Raw))
		}
		if len(s.Enum) > 0 {
			first := fmt.Sprint(decode(s.Enum[0].Raw))
			say("an unknown value", "Unknown")
			say("in small letters", strings.ToLower(first))
		}
		if s.MinLength != nil || s.Pattern != "" {
			say("empty", "")
		}
		for _, limit := range []struct {
			name string
			n    *int64
		}{{"the least length", s.MinLength}, {"the greatest length", s.MaxLength}} {
			if limit.n == nil {
				continue
			}
			if text, ok := m.long(s, int(*limit.n)); ok {
				say(limit.name, text)
			}
		}
		if s.MaxLength != nil {
			if text, ok := m.long(s, int(*s.MaxLength)+1); ok {
				say("one letter too many", text)
			}
		}
		if s.Format == "date-time" {
			say("no date", "yesterday")
			say("a date without time", "2024-05-09")
		}
		t := m.texts[s.Pattern]
		for _, text := range t.Good {
			say("the text "+shortened(text), text)
		}
		for _, text := range t.Bad {
			say("the text "+shortened(text), text)
		}
	default:
		say("a text", "x")
		say("a number", 7)
	}
	return out
}

func shortened(text string) string {
	if len(text) > 24 {
		return fmt.Sprintf("%q… (%d)", text[:12], len(text))
	}
	return fmt.Sprintf("%q", text)
}

// Choose takes from the probes those that always count (a node with an allowed value, a value for a rule, a node that
// is among the changed places) and of the others as many as asked for, picked by the seed.
func Choose(probes []Probe, changed map[string]bool, count int, seed int64) []Probe {
	var always, others []Probe
	for _, p := range probes {
		must := p.Changed(changed)
		for _, place := range p.Places {
			must = must || place.Present || place.Rule || place.Key
		}
		if must {
			always = append(always, p)
		} else {
			others = append(others, p)
		}
	}
	sort.SliceStable(others, func(i, j int) bool { return others[i].Hash(seed) < others[j].Hash(seed) })
	if len(others) > count {
		others = others[:count]
	}
	return append(always, others...)
}
