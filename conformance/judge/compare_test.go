package judge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"gwapi/conformance/judge/internal/probe"
	"gwapi/conformance/shared/apiserver"
	"gwapi/conformance/shared/gwapi"
)

// findings returns what the native validation of a release says about each object, by its index.
func findings(release *gwapi.Release, channel string, s source) ([][]gwapi.Finding, error) {
	out := make([][]gwapi.Finding, len(s.objects))
	if len(s.objects) == 0 {
		return out, nil
	}
	dir, err := os.MkdirTemp("", "gwapi-judge")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if s.lines {
		var text bytes.Buffer
		for i, o := range s.objects {
			// What was made has one name; here each object has its own, so that none is taken for another.
			body, err := s.asStored(i)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", o.Where, err)
			}
			text.Write(renamed(body, fmt.Sprintf("%s-%d", probe.Name, i)))
			text.WriteByte('\n')
		}
		file := filepath.Join(dir, "objects.jsonl")
		if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
			return nil, err
		}
		all, err := release.Validate(channel, file, s.stored != nil)
		if err != nil {
			return nil, err
		}
		for _, f := range all {
			if f.Line < 1 || f.Line > len(out) {
				return nil, fmt.Errorf("a finding names line %d of %d", f.Line, len(out))
			}
			out[f.Line-1] = append(out[f.Line-1], f)
		}
		return out, nil
	}
	// A file for each document, so that a finding tells its object and no object sees another.
	failed := make([]error, len(s.objects))
	parallel(len(s.objects), runtime.NumCPU(), func(i int) {
		o := s.objects[i]
		ext := ".yaml"
		if o.JSON {
			ext = ".json"
		}
		file := filepath.Join(dir, strconv.Itoa(i)+ext)
		if failed[i] = os.WriteFile(file, o.Body, 0o600); failed[i] == nil {
			out[i], failed[i] = release.Validate(channel, file, false)
		}
	})
	return out, errors.Join(failed...)
}

// storedName is the name of the objects whose status is written.
const storedName = "stored"

// renamed gives an object that was made another name.
func renamed(body []byte, name string) []byte {
	return bytes.Replace(body, []byte(`{"name":"`+probe.Name+`"}`), []byte(`{"name":"`+name+`"}`), 1)
}

// asStored is what a controller sends that writes a status: what the server has stored, with the status. Of all else in an object
// a server takes nothing then, though it reads it strictly.
func (s *source) asStored(i int) ([]byte, error) {
	o := s.objects[i]
	base, ok := s.smallest[o.APIVersion+"/"+o.Kind]
	if !ok {
		return o.Body, nil
	}
	var object, given map[string]json.RawMessage
	if err := json.Unmarshal(base, &object); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(o.Body, &given); err != nil {
		return nil, err
	}
	delete(object, "status")
	if status, ok := given["status"]; ok {
		object["status"] = status
	}
	return json.Marshal(object)
}

// versions are the resourceVersions of the stored objects of one server, by key of the kind.
type versions map[string]string

// store creates the smallest object of every kind whose status is written apart, in a namespace for each version of
// it: what one version calls complete another may not.
func store(ctx context.Context, server *apiserver.Server, schemas probe.Bundle, bodies map[string][]byte) (versions, error) {
	out := versions{}
	once := map[string]string{}
	for _, key := range schemas.Keys() {
		k := schemas[key]
		if !k.Status {
			continue
		}
		kind := k.Group + "/" + k.Kind
		version, err := server.Store(ctx, k.APIVersion(), k.Kind, k.Version, renamed(bodies[key], storedName))
		if err != nil && once[kind] != "" && strings.Contains(err.Error(), "already exists") {
			// The kind has no namespaces: all its versions share the object.
			version, err = once[kind], nil
		}
		if err != nil {
			return nil, fmt.Errorf("the smallest object of %s: %w", key, err)
		}
		once[kind], out[key] = version, version
	}
	return out, nil
}

// ask brings one object to one server.
func ask(ctx context.Context, server *apiserver.Server, s *source, i int) (apiserver.Verdict, error) {
	o := &s.objects[i]
	var v apiserver.Verdict
	var err error
	if stored := s.stored[server]; stored != nil {
		version, ok := stored[o.APIVersion+"/"+o.Kind]
		if !ok {
			v, err = server.Create(ctx, o.APIVersion, o.Kind, "", o.Body, o.ContentType())
		} else {
			var body []byte
			if body, err = s.asStored(i); err != nil {
				return v, fmt.Errorf("%s: %w", o.Where, err)
			}
			body = renamed(body, storedName+`","resourceVersion":"`+version)
			v, err = server.WriteStatus(ctx, o.APIVersion, o.Kind, path.Base(o.APIVersion), storedName, body)
		}
	} else {
		v, err = server.Create(ctx, o.APIVersion, o.Kind, o.Namespace, o.Body, o.ContentType())
	}
	if err != nil {
		return v, fmt.Errorf("%s: %w", o.Where, err)
	}
	return v, nil
}

// judged asks both servers and gwapi about each release (about what is in files of its own, of which each takes a run of the command,
// the first release alone: all have the same CRDs), and returns a line for each object on which someone
// disagrees, and what the reference (our own CRDs where there is none) says about every object.
func judged(ctx context.Context, channel string, ours, theirs *apiserver.Server, native []*gwapi.Release, s source) ([]string, []apiserver.Verdict, error) {
	lines := make([][]string, len(s.objects))
	said := make([]apiserver.Verdict, len(s.objects))
	mine := make([]apiserver.Verdict, len(s.objects))
	failed := make([]error, len(s.objects))
	parallel(len(s.objects), 8*runtime.NumCPU(), func(i int) {
		var err error
		if theirs != nil {
			said[i], failed[i] = ask(ctx, theirs, &s, i)
		}
		if ours != nil && failed[i] == nil {
			mine[i], err = ask(ctx, ours, &s, i)
			failed[i] = err
		}
		if theirs == nil {
			said[i] = mine[i]
		}
	})
	if err := errors.Join(failed...); err != nil {
		return nil, nil, err
	}
	if !s.lines && len(native) > 1 {
		native = native[:1]
	}
	for n, release := range native {
		found, err := findings(release, channel, s)
		if err != nil {
			return nil, nil, err
		}
		for i, o := range s.objects {
			if d := disagreement(mine[i], said[i], found[i]); d != "" && (n == 0 || len(lines[i]) == 0) {
				lines[i] = append(lines[i], fmt.Sprintf("%s %s %s %s: %s", o.Where, o.APIVersion, o.Kind, o.Name, d))
			}
		}
	}
	var out []string
	for _, l := range lines {
		out = append(out, l...)
	}
	return out, said, nil
}

func disagreement(ours, theirs apiserver.Verdict, native []gwapi.Finding) string {
	errors := map[string]bool{}
	var said []string
	for _, f := range native {
		if f.Severity == "error" {
			path := apiserver.Normal(f.Path)
			errors[path] = true
			said = append(said, fmt.Sprintf("%s at %s", f.Rule, path))
		}
	}
	sort.Strings(said)
	accepted := len(errors) == 0
	var out []string
	if ours.Accepted != theirs.Accepted {
		out = append(out, fmt.Sprintf("our CRD: %s; reference CRD: %s", say(ours), say(theirs)))
	}
	if accepted != theirs.Accepted {
		nativeSays := "accepted"
		if !accepted {
			nativeSays = "refused (" + strings.Join(said, ", ") + ")"
		}
		out = append(out, fmt.Sprintf("native: %s; reference CRD: %s", nativeSays, say(theirs)))
	}
	if len(out) > 0 || theirs.Accepted {
		return strings.Join(out, "; ")
	}
	if a, b := strings.Join(ours.Fields, " "), strings.Join(theirs.Fields, " "); a != b {
		out = append(out, fmt.Sprintf("our CRD names [%s] (%s); reference CRD names [%s] (%s)", a, ours.Message, b, theirs.Message))
	}
	var missing []string
	for _, f := range theirs.Fields {
		if !errors[f] {
			missing = append(missing, f)
		}
	}
	if key, ok := apiserver.DuplicateKey(theirs.Message); ok {
		found := false
		for path := range errors {
			found = found || path == key || strings.HasSuffix(path, "."+key)
		}
		if !found {
			missing = append(missing, "duplicate key "+key)
		}
	}
	if len(missing) > 0 {
		out = append(out, fmt.Sprintf("native does not name [%s], says [%s]; reference CRD: %s", strings.Join(missing, " "), strings.Join(said, ", "), theirs.Message))
	}
	return strings.Join(out, "; ")
}

func say(v apiserver.Verdict) string {
	if v.Accepted {
		return "accepted"
	}
	return "refused (" + v.Message + ")"
}

// parallel runs do for each index on a number of workers.
func parallel(n, workers int, do func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		}()
	}
	wg.Wait()
}
