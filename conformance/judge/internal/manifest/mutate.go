package manifest

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"sort"
	"strings"

	"sigs.k8s.io/yaml"
)

// Mutants breaks (or merely changes) each object in one place, knowing nothing of any schema: members taken away,
// made null, of another type, empty, too long, too large, repeated, unknown. Of all mutants a seed picks count.
func Mutants(objects []Object, count int, seed int64) ([]Object, error) {
	var all []Object
	for _, o := range objects {
		raw := o.Body
		if !o.JSON {
			converted, err := yaml.YAMLToJSON(o.Body)
			if err != nil {
				continue
			}
			raw = converted
		}
		var tree map[string]any
		if err := json.Unmarshal(raw, &tree); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Where, err)
		}
		emit := func(what string) {
			body, err := json.Marshal(tree)
			if err != nil {
				return
			}
			var h head
			if json.Unmarshal(body, &h) != nil {
				return
			}
			all = append(all, object(o.Where+" "+what, body, true, h))
		}
		for _, top := range sorted(tree) {
			switch top {
			case "apiVersion", "kind", "status":
			case "metadata":
				// A name and labels are what every server judges alike; the rest of metadata is not of this API.
				if m, ok := tree[top].(map[string]any); ok {
					alter(m, "name", top+".name", emit)
				}
			default:
				alter(tree, top, top, emit)
			}
		}
	}
	r := rand.New(rand.NewSource(seed))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if len(all) > count {
		all = all[:count]
	}
	return all, nil
}

func sorted(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// alter tries every change of one member, then those inside it; the tree is as before afterwards.
func alter(parent map[string]any, key, path string, emit func(string)) {
	value, present := parent[key]
	if !present {
		return
	}
	try := func(what string, v any) {
		parent[key] = v
		emit(path + " " + what)
		parent[key] = value
	}
	delete(parent, key)
	emit(path + " absent")
	parent[key] = value
	replacements(value, try)
	inside := func(v any, at string) {
		if m, ok := v.(map[string]any); ok {
			m["unknownField"] = "x"
			emit(at + " unknown member")
			delete(m, "unknownField")
			for _, k := range sorted(m) {
				alter(m, k, at+"."+k, emit)
			}
		}
	}
	inside(value, path)
	if list, ok := value.([]any); ok {
		for i, item := range list {
			at := fmt.Sprintf("%s[%d]", path, i)
			replacements(item, func(what string, v any) {
				list[i] = v
				emit(at + " " + what)
				list[i] = item
			})
			inside(item, at)
		}
	}
}

func replacements(value any, try func(string, any)) {
	try("null", nil)
	switch v := value.(type) {
	case string:
		try("a number", 7)
		try("empty", "")
		try("upper case", strings.ToUpper(v)+"X")
		try("a suffix", v+"-")
		try("a slash in front", "/"+v)
		try("doubled slash", v+"//x")
		try("a wildcard", "*."+v)
		try("a space inside", v+" x")
		try("not ASCII", v+"é")
		try("long", v+strings.Repeat("a", 300))
		try("very long", v+strings.Repeat("a", 5000))
	case float64:
		try("text", fmt.Sprint(v))
		try("zero", 0)
		try("negative", -1)
		try("large", 1_000_001)
		try("port too large", 65536)
		try("very large", 5_000_000_000)
		try("a fraction", v+0.5)
	case bool:
		try("text", fmt.Sprint(v))
		try("the other", !v)
	case []any:
		try("empty", []any{})
		try("a map", map[string]any{})
		if len(v) > 0 {
			try("the last repeated", append(append([]any{}, v...), v[len(v)-1]))
			for _, n := range []int{9, 17, 65} {
				long := append([]any{}, v...)
				for len(long) < n {
					long = append(long, varied(v[len(v)-1], len(long)))
				}
				try(fmt.Sprintf("of %d", n), long)
			}
		}
	case map[string]any:
		try("empty", map[string]any{})
		try("a list", []any{})
		try("text", "x")
	}
}

// varied is a copy of an item under another name, so that a long list is not refused for repeating itself.
func varied(item any, n int) any {
	switch v := item.(type) {
	case string:
		return fmt.Sprintf("x%d-%s", n, v)
	case map[string]any:
		out := map[string]any{}
		for k, member := range v {
			out[k] = member
		}
		if name, ok := out["name"].(string); ok {
			out["name"] = fmt.Sprintf("%s-%d", name, n)
		}
		return out
	}
	return item
}
