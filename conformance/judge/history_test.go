package judge

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"gwapi/conformance/judge/internal/probe"
	"gwapi/conformance/judge/internal/upstream"
	"gwapi/conformance/shared/apiserver"
)

// history is what the reference said about every probe, bundle after bundle.
type history struct {
	channel string
	bundles []*bundle
	probes  map[string]*heard
}

type heard struct {
	probe probe.Probe
	said  map[int]apiserver.Verdict
}

func newHistory(channel string, bundles []*bundle) *history {
	return &history{channel: channel, bundles: bundles, probes: map[string]*heard{}}
}

func (h *history) add(i int, p *probe.Probe, v apiserver.Verdict) {
	id := p.ID()
	known := h.probes[id]
	if known == nil {
		known = &heard{probe: *p, said: map[int]apiserver.Verdict{}}
		known.probe.Places = slices.Clone(p.Places)
		h.probes[id] = known
	}
	known.said[i] = v
	// What another bundle made of the same object counts too.
	for _, place := range p.Places {
		if !slices.Contains(known.probe.Places, place) {
			known.probe.Places = append(known.probe.Places, place)
		}
	}
}

// entry is one line of the list of changes between releases, with what it means for objects.
type entry struct {
	Release, Channel, Group, Kind, Version, Path, Change, Verdict string
	Old, New                                                      json.RawMessage
}

func (e entry) String() string {
	return strings.Join([]string{e.Release, e.Channel, e.Kind, e.Version, e.Path, e.Change}, " ")
}

// name is what unprobed.yaml calls the entry: of rules between fields one place may have several.
func (e entry) name() string {
	for _, side := range []json.RawMessage{e.New, e.Old} {
		var rule struct{ Rule string }
		if strings.HasPrefix(e.Change, "cel-") && json.Unmarshal(side, &rule) == nil && rule.Rule != "" {
			return e.String() + ": " + rule.Rule
		}
	}
	return e.String()
}

// excuses are the changes and rules that no object can show, from unprobed.yaml.
type excuses []*excuse

type excuse struct {
	// Match is a regular expression for the name of a change, or for `rule RELEASE CHANNEL KIND PATH: RULE`.
	Match string `json:"match"`
	// Reason says why there is no such object.
	Reason string `json:"reason"`

	match *regexp.Regexp
	used  bool
}

func readExcuses() (excuses, error) {
	text, err := os.ReadFile("unprobed.yaml")
	if err != nil {
		return nil, err
	}
	var out excuses
	if err := yaml.UnmarshalStrict(text, &out); err != nil {
		return nil, fmt.Errorf("unprobed.yaml: %w", err)
	}
	for _, e := range out {
		if e.Reason == "" {
			return nil, fmt.Errorf("unprobed.yaml: %q has no reason", e.Match)
		}
		e.match = regexp.MustCompile("^(?:" + e.Match + ")$")
	}
	return out, nil
}

// of is the excuse for something, or nil.
func (e excuses) of(what string) *excuse {
	for _, each := range e {
		if each.match.MatchString(what) {
			each.used = true
			return each
		}
	}
	return nil
}

func (e excuses) unused(t *testing.T, channel string) {
	for _, each := range e {
		if !each.used && strings.Contains(each.Match, " "+channel+" ") {
			t.Errorf("unprobed.yaml: %q is nothing of the %s channel", each.Match, channel)
		}
	}
}

func (h *history) check(t *testing.T) {
	h.covered(t)
	excuses, err := readExcuses()
	if err != nil {
		t.Fatal(err)
	}
	h.ruled(t, excuses)
	h.entries(t, excuses)
	excuses.unused(t, h.channel)
}

var (
	indexes = regexp.MustCompile(`\[[0-9]+\]`)
	keys    = regexp.MustCompile(`\.example\.com/key[0-9]*`)
)

// general is a path as a schema has it.
func general(path string) string {
	return keys.ReplaceAllString(indexes.ReplaceAllString(path, "[]"), "{}")
}

// covered: every node of every schema is there in an object that the reference accepts.
func (h *history) covered(t *testing.T) {
	accepted := map[string]bool{}
	for _, p := range h.probes {
		for i, v := range p.said {
			for _, place := range p.probe.Places {
				if v.Accepted && place.What != "absent" && place.What != "null" {
					accepted[fmt.Sprint(i, p.probe.Key, " ", place.Path)] = true
				}
			}
		}
	}
	nodes := 0
	var without []string
	for i, b := range h.bundles {
		for _, key := range b.schemas.Keys() {
			k := b.schemas[key]
			trees := []string{"spec"}
			if k.Status {
				trees = append(trees, "status")
			}
			for _, tree := range trees {
				for _, n := range k.Nodes(tree) {
					nodes++
					if path := probe.Path(n.Steps); !accepted[fmt.Sprint(i, key, " ", path)] {
						without = append(without, fmt.Sprintf("%s %s %s: no object with it is accepted", b, key, path))
					}
				}
			}
		}
	}
	for _, line := range without {
		t.Error(line)
	}
	fmt.Printf("judge %s: %d nodes of schemas, %d without an object that is accepted\n", h.channel, nodes, len(without))
}

// ruled: every rule between fields, of every bundle, is seen to refuse an object at its place.
func (h *history) ruled(t *testing.T, excuses excuses) {
	rules, silent := 0, 0
	for i, b := range h.bundles {
		refusals := map[string][]string{}
		for _, p := range h.probes {
			if v, ok := p.said[i]; ok && !v.Accepted {
				refusals[p.probe.Key] = append(refusals[p.probe.Key], v.Message)
			}
		}
		for _, key := range b.schemas.Keys() {
			k := b.schemas[key]
			for _, n := range k.Nodes("spec") {
				for _, r := range n.Schema.XValidations {
					if strings.Contains(r.Rule, "oldSelf") {
						continue
					}
					rules++
					found := false
					for _, message := range refusals[key] {
						// The place in the message has indexes; a rule that names a field has it behind its place.
						found = found || strings.Contains(message, r.Message) && strings.Contains(general(message), probe.Path(n.Steps))
					}
					name := fmt.Sprintf("rule %s %s %s %s: %s", b.releases[0].Name, b.channel, key, probe.Path(n.Steps), r.Rule)
					switch excuse := excuses.of(name); {
					case found && excuse != nil:
						t.Errorf("%s: an object shows it: take %q from unprobed.yaml", name, excuse.Match)
					case !found && excuse == nil:
						t.Errorf("%s: no object is refused by it", name)
					case !found:
						silent++
					}
				}
			}
		}
	}
	fmt.Printf("judge %s: %d rules between fields, %d that can refuse no object (unprobed.yaml)\n", h.channel, rules, silent)
}

// values notes what rules.yaml calls accepted or refused, and whether some bundle says so.
func (h *history) values(says map[string]bool) {
	for _, p := range h.probes {
		for _, place := range p.probe.Places {
			if !place.Rule {
				continue
			}
			want := strings.Contains(place.What, ": accepted ")
			for _, v := range p.said {
				says[place.What] = says[place.What] || v.Accepted == want
			}
		}
	}
}

// entries: for each change that tightens or loosens there is an object whose verdict changes with it, and one beside
// it that is accepted on both sides (for what is new: after it).
func (h *history) entries(t *testing.T, excuses excuses) {
	entries, err := changes()
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Printf("judge %s: the list of changes is not here: not compared with it\n", h.channel)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	total, shown, without := 0, 0, 0
	for _, e := range entries {
		at := h.at(e.Release)
		if e.Channel != h.channel || e.Verdict == "neutral" || at < 1 {
			continue
		}
		total++
		why := h.shows(e, at)
		excuse := excuses.of(e.name())
		switch {
		case why == "":
			shown++
			if excuse != nil {
				t.Errorf("%s: an object shows it: take %q from unprobed.yaml", e.name(), excuse.Match)
			}
		case excuse != nil:
			without++
		default:
			t.Errorf("%s (%s): %s", e.name(), e.Verdict, why)
		}
	}
	fmt.Printf("judge %s: %d changes that tighten or loosen: %d shown by objects before and after, %d that no object can show (unprobed.yaml)\n", h.channel, total, shown, without)
}

// at is the index of the bundle that begins with a release, or -1.
func (h *history) at(release string) int {
	for i, b := range h.bundles {
		if b.releases[0].Name == release {
			return i
		}
	}
	return -1
}

// shows says what is missing to show an entry, or nothing.
func (h *history) shows(e entry, at int) string {
	turned, beside := false, false
	prefix := e.Group + "/"
	for _, p := range h.probes {
		if !strings.HasPrefix(p.probe.Key, prefix) || p.probe.Kind != e.Kind || e.Version != "" && p.probe.APIVersion != prefix+e.Version {
			continue
		}
		before, heardBefore := p.said[at-1]
		after, heardAfter := p.said[at]
		if !heardAfter || !heardBefore {
			continue
		}
		if before.Accepted != after.Accepted && e.about(&p.probe, before, after) {
			turned = turned || e.Verdict == "unclear" || after.Accepted == (e.Verdict == "loosening")
		}
		beside = beside || after.Accepted && (before.Accepted || strings.HasSuffix(e.Change, "-added")) ||
			before.Accepted && strings.HasSuffix(e.Change, "-removed")
	}
	switch {
	case !turned:
		return "no object shows it"
	case !beside && e.Change != "served-changed":
		return "no object is accepted beside it"
	}
	return ""
}

// about tells whether a verdict that turned has to do with the entry: the refusal names its rule, or its place, or the
// probe was made for its place.
func (e entry) about(p *probe.Probe, before, after apiserver.Verdict) bool {
	refusal := before
	if before.Accepted {
		refusal = after
	}
	if strings.HasPrefix(e.Change, "cel-") {
		for _, side := range []json.RawMessage{e.Old, e.New} {
			var rule struct{ Message string }
			if json.Unmarshal(side, &rule) == nil && rule.Message != "" && strings.Contains(refusal.Message, rule.Message) && strings.Contains(general(refusal.Message), e.Path) {
				return true
			}
		}
		return false
	}
	if e.Path == "" && !strings.HasPrefix(e.Change, "required-") {
		return true
	}
	path := e.Path
	var value string
	if json.Unmarshal(e.Old, &value) != nil || value == "" {
		_ = json.Unmarshal(e.New, &value)
	}
	switch {
	case strings.HasPrefix(e.Change, "required-"):
		path = strings.TrimPrefix(path+"."+value, ".")
	case strings.HasPrefix(e.Change, "enum-"):
		// Each value has an object of its own.
		for _, place := range p.Places {
			if place.Path == path && strings.Contains(place.What, value) {
				return true
			}
		}
		return strings.Contains(refusal.Message, `"`+value+`"`) && strings.Contains(general(refusal.Message), path+":")
	}
	if p.At(path) {
		return true
	}
	for _, f := range refusal.Fields {
		if general(f) == path {
			return true
		}
	}
	return false
}

// changes reads the list of changes and what they mean.
func changes() ([]entry, error) {
	dir := filepath.Join(upstream.Dir(), "..", "releases")
	var out, verdicts []entry
	for _, f := range []struct {
		name string
		into *[]entry
	}{{"changes.json", &out}, {"verdicts.json", &verdicts}} {
		text, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, f.into); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if len(out) != len(verdicts) {
		return nil, fmt.Errorf("%d changes, %d verdicts", len(out), len(verdicts))
	}
	for i := range out {
		if out[i].String() != verdicts[i].String() {
			return nil, fmt.Errorf("verdict %d is on %s, the change is %s", i, verdicts[i], out[i])
		}
		out[i].Verdict = verdicts[i].Verdict
	}
	return out, nil
}
