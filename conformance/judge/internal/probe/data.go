package probe

import (
	_ "embed"
	"fmt"
	"regexp"

	"sigs.k8s.io/yaml"
)

// need is what an object wants to be valid, beyond what its schema requires.
type need struct {
	// At is the place of the object, matched at its end; Kinds narrows it.
	At    string   `json:"at"`
	Kinds []string `json:"kinds"`
	// Under is matched against the way from there to the node that is probed, Equals against its value as text. A need
	// without Under is for objects that nothing else is said about.
	Under  string `json:"under"`
	Equals string `json:"equals"`
	// Value is laid over the object, as far as its schema knows the members.
	Value map[string]any `json:"value"`

	at, under *regexp.Regexp
}

// ruled are values of one place that cross-field rules accept or refuse.
type ruled struct {
	At      string   `json:"at"`
	Kinds   []string `json:"kinds"`
	Because string   `json:"because"`
	// Values are completed with what the schema requires; a value with members that a schema does not know is not for it.
	Accepted []any `json:"accepted"`
	Refused  []any `json:"refused"`

	at *regexp.Regexp
}

// text is what fits a pattern, and what does not.
type text struct {
	Pattern string   `json:"pattern"`
	Good    []string `json:"good"`
	Bad     []string `json:"bad"`
	// Head and Tail stand around as many letters as a length asks for; Unit is the letter (a).
	Head string `json:"head"`
	Tail string `json:"tail"`
	Unit string `json:"unit"`
}

var (
	//go:embed data/needs.yaml
	needsText []byte
	//go:embed data/rules.yaml
	rulesText []byte
	//go:embed data/patterns.yaml
	patternsText []byte
)

// data is all that was written by hand.
type data struct {
	needs []need
	rules []ruled
	texts map[string]text
}

func load() (*data, error) {
	d := &data{texts: map[string]text{}}
	if err := yaml.UnmarshalStrict(needsText, &d.needs); err != nil {
		return nil, fmt.Errorf("needs.yaml: %w", err)
	}
	if err := yaml.UnmarshalStrict(rulesText, &d.rules); err != nil {
		return nil, fmt.Errorf("rules.yaml: %w", err)
	}
	var texts []text
	if err := yaml.UnmarshalStrict(patternsText, &texts); err != nil {
		return nil, fmt.Errorf("patterns.yaml: %w", err)
	}
	for i := range d.needs {
		n := &d.needs[i]
		n.at = place(n.At)
		if n.Under != "" {
			n.under = regexp.MustCompile(n.Under)
		}
	}
	for i := range d.rules {
		r := &d.rules[i]
		r.at = place(r.At)
		for _, values := range [][]any{r.Accepted, r.Refused} {
			for j := range values {
				values[j] = repeated(values[j])
			}
		}
	}
	for _, t := range texts {
		if t.Unit == "" {
			t.Unit = "a"
		}
		d.texts[t.Pattern] = t
		if _, err := regexp.Compile(t.Pattern); err != nil {
			return nil, fmt.Errorf("patterns.yaml: %w", err)
		}
	}
	return d, nil
}

// place matches a path at its end, from the beginning of a name.
func place(at string) *regexp.Regexp {
	return regexp.MustCompile(`(^|\.)` + regexp.QuoteMeta(at) + `$`)
}

func among(kinds []string, kind string) bool {
	for _, k := range kinds {
		if k == kind {
			return true
		}
	}
	return len(kinds) == 0
}

// repeated writes out what is said to stand several times in a list.
func repeated(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, member := range v {
			v[k] = repeated(member)
		}
	case []any:
		out := []any{}
		for _, each := range v {
			if m, ok := each.(map[string]any); ok && len(m) == 2 && m["of"] != nil {
				if n, ok := m["repeat"].(float64); ok {
					for range int(n) {
						out = append(out, copied(repeated(m["of"])))
					}
					continue
				}
			}
			out = append(out, repeated(each))
		}
		return out
	}
	return v
}
