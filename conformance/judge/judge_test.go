// Package judge holds gwapi against the API server's own code: its CRDs and its validation, for every release of
// Gateway API and both channels, must say what the release's own CRDs say.
package judge

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"gwapi/conformance/judge/internal/manifest"
	"gwapi/conformance/judge/internal/probe"
	"gwapi/conformance/judge/internal/upstream"
	"gwapi/conformance/shared/apiserver"
	"gwapi/conformance/shared/gwapi"
)

// channels are the two that a release has.
var channels = []string{"standard", "experimental"}

// bundle is what releases with equal CRDs have in a channel.
type bundle struct {
	channel  string
	releases []upstream.Release
	// stream and schemas are the reference CRDs: of the first release.
	stream  []byte
	schemas probe.Bundle
	// made are the probes of the bundle's own schemas, sent those that its servers get: some of them, and what
	// distinguishes it from the bundles before and after it.
	made, sent []probe.Probe
}

func (b *bundle) String() string {
	name := b.releases[0].Name
	if n := len(b.releases); n > 1 {
		name += " to " + b.releases[n-1].Name
	}
	return name + " " + b.channel
}

// judge is one run.
type judge struct {
	machine *apiserver.Machine
	binary  string
	// rich are the releases that are judged by everything there is, not by probes alone.
	rich map[string]bool
	// Bundles are judged at the same time: what follows is theirs together.
	mu               sync.Mutex
	report, verdicts bytes.Buffer
	objects          int
	// says tells for each value of rules.yaml whether a bundle says of it what stands there.
	says map[string]bool
}

// TestJudge installs the CRDs of gwapi in one API server and the reference CRDs in another and asks both, and the
// native validation, about the same objects: accepted or refused must agree, both servers must name the same fields
// in a refusal, and the native findings must cover each of them. It does so for every bundle of CRDs that differs from
// the one before, in both channels. What gwapi does not know yet is told apart by the reference alone.
//
// The variables that choose objects and files are in README.md.
func TestJudge(t *testing.T) {
	binary, err := gwapi.Binary()
	if err != nil {
		t.Fatal(err)
	}
	// The servers work in this process: garbage is cheaper than collecting it often.
	defer debug.SetGCPercent(debug.SetGCPercent(300))
	machine, err := apiserver.NewMachine()
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Stop()
	releases, missing := upstream.Releases()
	for _, line := range missing {
		fmt.Printf("judge: %s\n", line)
	}
	j := &judge{machine: machine, binary: binary, rich: map[string]bool{gwapi.Default: true}, says: map[string]bool{}}
	start := time.Now()
	if len(releases) == 0 {
		for _, channel := range channels {
			t.Run(channel, func(t *testing.T) { j.alone(t, channel) })
		}
	} else {
		j.rich[releases[len(releases)-1].Name] = true
	}
	for _, channel := range channels {
		if len(releases) > 0 {
			j.channel(t, channel, releases)
		}
	}
	if len(releases) > 0 {
		t.Run("policies", func(t *testing.T) { j.policies(t, releases) })
	}
	t.Run("values", func(t *testing.T) {
		for value, ok := range j.says {
			if !ok {
				t.Errorf("rules.yaml: %s: no bundle says so", value)
			}
		}
	})
	fmt.Printf("judge: %d objects in all, %.0f s\n", j.objects, time.Since(start).Seconds())
	for variable, text := range map[string]*bytes.Buffer{"GWAPI_VERDICTS": &j.verdicts, "GWAPI_REPORT": &j.report} {
		if path := os.Getenv(variable); path != "" {
			if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
				t.Error(err)
			}
		}
	}
}

// alone judges without any reference: gwapi's own CRDs of its default release against its validation.
func (j *judge) alone(t *testing.T, channel string) {
	release, err := gwapi.Open(j.binary, gwapi.Default, channel)
	if err != nil {
		t.Fatal(err)
	}
	ours := j.server(t, "ours", channel, func() ([]byte, error) { return release.CRDs(channel) })
	defer ours.Stop()
	sources, err := collect(nil, channel, nil)
	if err != nil {
		t.Fatal(err)
	}
	j.hear(t, "own CRDs "+channel, channel, ours, nil, []*gwapi.Release{release}, sources)
}

// channel judges all bundles of a channel, several at a time since servers wait for much, and then what they said in the order of
// their releases.
func (j *judge) channel(t *testing.T, channel string, releases []upstream.Release) {
	bundles, err := grouped(releases, channel)
	if err != nil {
		t.Fatal(err)
	}
	if err := choose(bundles); err != nil {
		t.Fatal(err)
	}
	heard := newHistory(channel, bundles)
	t.Run(channel, func(t *testing.T) {
		for i, b := range bundles {
			t.Run(b.releases[0].Name, func(t *testing.T) {
				t.Parallel()
				j.bundle(t, b, func(p *probe.Probe, v apiserver.Verdict) { heard.add(i, p, v) })
			})
		}
	})
	t.Run(channel+"-history", heard.check)
	heard.values(j.says)
}

// grouped puts releases with equal CRDs together.
func grouped(releases []upstream.Release, channel string) ([]*bundle, error) {
	var out []*bundle
	for _, r := range releases {
		stream, err := r.CRDs(channel)
		if err != nil {
			return nil, err
		}
		schemas, err := probe.Read(stream)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Name, err)
		}
		if n := len(out); n > 0 && probe.Same(out[n-1].schemas, schemas) {
			out[n-1].releases = append(out[n-1].releases, r)
			continue
		}
		out = append(out, &bundle{channel: channel, releases: []upstream.Release{r}, stream: stream, schemas: schemas})
	}
	return out, nil
}

// choose makes the probes of all bundles and decides which go to whom.
func choose(bundles []*bundle) error {
	count, err := number("GWAPI_PROBES", 1_000)
	if err != nil {
		return err
	}
	seed, err := number("GWAPI_SEED", 1)
	if err != nil {
		return err
	}
	for _, b := range bundles {
		if b.made, err = probe.Of(b.schemas); err != nil {
			return fmt.Errorf("%s: %w", b, err)
		}
	}
	for i, b := range bundles {
		around := map[string]bool{}
		var others []probe.Probe
		for _, j := range []int{i - 1, i + 1} {
			if j < 0 || j >= len(bundles) {
				continue
			}
			changed := probe.Changed(b.schemas, bundles[j].schemas)
			for place := range changed {
				around[place] = true
			}
			for _, p := range bundles[j].made {
				if p.Changed(changed) {
					others = append(others, p)
				}
			}
		}
		seen := map[string]bool{}
		for _, p := range append(probe.Choose(b.made, around, count, int64(seed)), others...) {
			if id := p.ID(); !seen[id] {
				seen[id] = true
				b.sent = append(b.sent, p)
			}
		}
	}
	return nil
}

// server starts a server with CRDs.
func (j *judge) server(t *testing.T, who, what string, crds func() ([]byte, error)) *apiserver.Server {
	t.Helper()
	stream, err := crds()
	if err != nil {
		t.Fatal(err)
	}
	s, err := j.machine.Start(who + "-" + strings.ReplaceAll(what, " ", "-"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Install(context.Background(), stream); err != nil {
		s.Stop()
		t.Fatal(err)
	}
	return s
}

func (j *judge) bundle(t *testing.T, b *bundle, heard func(*probe.Probe, apiserver.Verdict)) {
	theirs := j.server(t, "theirs", b.String(), func() ([]byte, error) { return b.stream, nil })
	defer theirs.Stop()
	var ours *apiserver.Server
	var native []*gwapi.Release
	var first probe.Bundle
	for _, r := range b.releases {
		release, err := gwapi.Open(j.binary, r.Name, b.channel)
		if err != nil {
			fmt.Printf("judge %s %s: gwapi does not know the release (%s): the reference is heard alone\n", r.Name, b.channel, strings.TrimSpace(firstLine(err.Error())))
			continue
		}
		stream, err := release.CRDs(b.channel)
		if err != nil {
			t.Fatal(err)
		}
		schemas, err := probe.Read(stream)
		if err != nil {
			t.Fatal(err)
		}
		if ours == nil {
			first = schemas
			ours = j.server(t, "ours", b.String(), func() ([]byte, error) { return stream, nil })
			defer ours.Stop()
		} else if !probe.Same(first, schemas) {
			t.Errorf("%s: the reference has the CRDs of %s, gwapi has not", r.Name, b.releases[0].Name)
		}
		native = append(native, release)
	}
	if ours != nil && len(first) != len(b.schemas) {
		t.Errorf("gwapi serves %d versions of kinds, the reference %d", len(first), len(b.schemas))
	}
	var sources []source
	for _, r := range b.releases {
		if j.rich[r.Name] && len(native) > 0 {
			more, err := collect(&r, b.channel, b.schemas)
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, more...)
		}
	}
	for _, status := range []bool{false, true} {
		s := source{name: "probes", heard: heard, lines: true}
		if status {
			s.name, s.stored, s.smallest = "probes of status", map[*apiserver.Server]versions{}, map[string][]byte{}
			smallest, err := probe.Smallest(b.schemas)
			if err != nil {
				t.Fatal(err)
			}
			for key, body := range smallest {
				if b.schemas[key].Status {
					s.smallest[key] = body
				}
			}
			for _, server := range []*apiserver.Server{ours, theirs} {
				if server == nil {
					continue
				}
				stored, err := store(context.Background(), server, b.schemas, smallest)
				if err != nil {
					t.Fatal(err)
				}
				s.stored[server] = stored
			}
		}
		for i := range b.sent {
			if p := &b.sent[i]; p.Status == status {
				s.probes = append(s.probes, p)
				s.objects = append(s.objects, manifest.Object{
					Where: p.Name(), Body: p.Body, JSON: true, APIVersion: p.APIVersion, Kind: p.Kind, Name: probe.Name,
				})
			}
		}
		sources = append(sources, s)
	}
	if n := len(b.sent); n < 1_000 {
		t.Errorf("%d probes, fewer than 1000", n)
	}
	j.hear(t, b.String(), b.channel, ours, theirs, native, sources)
}

// hear asks everyone about all objects of the sources.
func (j *judge) hear(t *testing.T, name, channel string, ours, theirs *apiserver.Server, native []*gwapi.Release, sources []source) {
	start := time.Now()
	total, broken, differences := 0, 0, 0
	for _, s := range sources {
		if s.err != nil {
			t.Errorf("%s: %v", s.name, s.err)
			continue
		}
		found, said, err := judged(context.Background(), channel, ours, theirs, native, s)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		refused := 0
		j.mu.Lock()
		for i, v := range said {
			if !v.Accepted {
				refused++
			}
			if s.heard != nil {
				s.heard(s.probes[i], v)
			}
			o := &s.objects[i]
			fmt.Fprintf(&j.verdicts, "%s\t%s\t%s\t%s\t%v\t%s\t%s\n", name, o.Where, o.APIVersion, o.Kind, v.Accepted, strings.Join(v.Fields, " "), v.Message)
		}
		fmt.Printf("judge %s: %-24s %6d objects, %6d refused, %d differences\n", name, s.name, len(s.objects), refused, len(found))
		for i, line := range found {
			fmt.Fprintf(&j.report, "%s\t%s\n", name, line)
			switch {
			case i < 40:
				t.Error(line)
			case i == 40:
				t.Errorf("… and %d more differences in %s", len(found)-i, s.name)
			}
		}
		j.mu.Unlock()
		total, broken, differences = total+len(s.objects), broken+refused, differences+len(found)
	}
	j.mu.Lock()
	j.objects += total
	j.mu.Unlock()
	fmt.Printf("judge %s: %d objects (%d refused), differences %d, %.0f s\n", name, total, broken, differences, time.Since(start).Seconds())
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
