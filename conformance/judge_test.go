package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gwapi/conformance/internal/apiserver"
	"gwapi/conformance/internal/gwapi"
	"gwapi/conformance/internal/manifest"
)

// channels are the two that a release has.
var channels = []string{"standard", "experimental"}

// TestJudge installs the CRDs of gwapi in one API server and the reference CRDs in another and asks both, and the
// native validation, about the same objects: accepted or refused must agree, both servers must name the same fields
// in a refusal, and the native findings must cover each of them.
//
// GWAPI_CORPUS is the number of generated objects a channel, GWAPI_MUTANTS that of changed ones, GWAPI_SEED the seed
// of both, GWAPI_REPORT a file for the
// differences, GWAPI_VERDICTS one for what the reference CRDs say about every object.
func TestJudge(t *testing.T) {
	binary, err := gwapi.Binary()
	if err != nil {
		t.Fatal(err)
	}
	// Both servers work in this process: garbage is cheaper than collecting it often.
	defer debug.SetGCPercent(debug.SetGCPercent(600))
	machine, err := apiserver.NewMachine()
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Stop()
	var report, verdicts bytes.Buffer
	for _, channel := range channels {
		t.Run(channel, func(t *testing.T) { judge(t, machine, binary, channel, &report, &verdicts) })
	}
	if path := os.Getenv("GWAPI_VERDICTS"); path != "" {
		if err := os.WriteFile(path, verdicts.Bytes(), 0o644); err != nil {
			t.Error(err)
		}
	}
	if path := os.Getenv("GWAPI_REPORT"); path != "" {
		if err := os.WriteFile(path, report.Bytes(), 0o644); err != nil {
			t.Error(err)
		}
	}
}

func judge(t *testing.T, machine *apiserver.Machine, binary, channel string, report, verdicts *bytes.Buffer) {
	ctx := context.Background()
	start := time.Now()
	ours, err := machine.Start("ours-" + channel)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := gwapi.CRDs(binary, channel)
	if err != nil {
		t.Fatal(err)
	}
	n, err := ours.Install(ctx, stream)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("judge %s: %d CRDs of gwapi are established, structural and within the cost limits\n", channel, n)

	var theirs *apiserver.Server
	if dir := reference(); dir == "" {
		fmt.Printf("judge %s: no reference CRDs here (../shared is absent, GWAPI_REFERENCE is not set): compared with our own CRDs alone\n", channel)
	} else {
		if theirs, err = machine.Start("theirs-" + channel); err != nil {
			t.Fatal(err)
		}
		m, err := theirs.Install(ctx, referenceCRDs(t, filepath.Join(dir, "crds", channel)))
		if err != nil {
			t.Fatal(err)
		}
		if m != n {
			t.Errorf("gwapi has %d CRDs, the reference has %d", n, m)
		}
	}

	sources, err := collect(channel)
	if err != nil {
		t.Fatal(err)
	}
	total, broken, differences := 0, 0, 0
	for _, s := range sources {
		if s.err != nil {
			t.Errorf("%s: %v", s.name, s.err)
			continue
		}
		native, err := findings(binary, channel, s)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		found, said, err := compare(ctx, ours, theirs, s.objects, native)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		refused := 0
		for i, v := range said {
			if !v.Accepted {
				refused++
			}
			fmt.Fprintf(verdicts, "%s\t%s\t%s\t%v\t%s\t%s\n", channel, s.objects[i].Where, s.objects[i].Kind, v.Accepted, strings.Join(v.Fields, " "), v.Message)
		}
		fmt.Printf("judge %s: %-24s %6d objects, %6d refused, %d differences\n", channel, s.name, len(s.objects), refused, len(found))
		for _, line := range found {
			fmt.Fprintf(report, "%s\t%s\n", channel, line)
		}
		for i, line := range found {
			if i == 40 {
				t.Errorf("… and %d more differences in %s", len(found)-i, s.name)
				break
			}
			t.Error(line)
		}
		total, broken, differences = total+len(s.objects), broken+refused, differences+len(found)
	}
	fmt.Printf("judge %s: %d objects (%d refused), differences %d, %.0f s\n", channel, total, broken, differences, time.Since(start).Seconds())
}

func referenceCRDs(t *testing.T, dir string) []byte {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no reference CRDs in %s", dir)
	}
	var stream bytes.Buffer
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		stream.WriteString("\n---\n")
		stream.Write(text)
	}
	return stream.Bytes()
}

// source is a set of objects from one place.
type source struct {
	name    string
	objects []manifest.Object
	// lines is the file with one object a line, for a source that is one.
	lines string
	err   error
}

func collect(channel string) ([]source, error) {
	var out []source
	dirs := [][2]string{
		{"fixtures", filepath.Join("..", "tests", "fixtures")},
		{"examples/manifests", filepath.Join("..", "examples", "manifests")},
	}
	if dir := reference(); dir != "" {
		dirs = append(dirs,
			[2]string{"upstream/examples", filepath.Join(dir, "examples")},
			[2]string{"upstream/invalid-examples", filepath.Join(dir, "invalid-examples")})
	}
	for _, d := range dirs {
		objects, err := manifest.ReadDir(d[1], d[0])
		out = append(out, source{name: d[0], objects: objects, err: err})
	}
	var given []manifest.Object
	for _, s := range out {
		// What is wrong already hides what a change does.
		if !strings.Contains(s.name, "invalid") {
			given = append(given, s.objects...)
		}
	}
	for _, more := range []struct {
		name string
		get  func(string, []manifest.Object) (source, error)
	}{{"mutants", mutants}, {"corpus", generated}} {
		s, err := more.get(channel, given)
		if err != nil {
			s = source{name: more.name, err: err}
		}
		out = append(out, s)
	}
	return out, nil
}

// mutants changes the objects at hand in one place each, without regard to any schema.
func mutants(_ string, given []manifest.Object) (source, error) {
	count, err := number("GWAPI_MUTANTS", 3_000)
	if err != nil || count == 0 {
		return source{name: "mutants"}, err
	}
	seed, err := number("GWAPI_SEED", 1)
	if err != nil {
		return source{}, err
	}
	objects, err := manifest.Mutants(given, count, int64(seed))
	if err != nil {
		return source{}, err
	}
	var text bytes.Buffer
	for _, o := range objects {
		text.Write(o.Body)
		text.WriteByte('\n')
	}
	file, err := linesFile(text.Bytes())
	return source{name: fmt.Sprintf("mutants (seed %d)", seed), objects: objects, lines: file}, err
}

func linesFile(text []byte) (string, error) {
	dir, err := os.MkdirTemp("", "gwapi-judge")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "objects.jsonl")
	return file, os.WriteFile(file, text, 0o600)
}

// generated asks the corpus example for objects: valid by construction, or broken in one place.
func generated(channel string, _ []manifest.Object) (source, error) {
	count, err := number("GWAPI_CORPUS", 10_000)
	if err != nil || count == 0 {
		return source{name: "corpus"}, err
	}
	seed, err := number("GWAPI_SEED", 1)
	if err != nil {
		return source{}, err
	}
	name := os.Getenv("GWAPI_CORPUS_BIN")
	args := []string{"--channel", channel, "--count", strconv.Itoa(count), "--seed", strconv.Itoa(seed)}
	cmd := exec.Command(name, args...)
	if name == "" {
		cmd = exec.Command("cargo", append([]string{"run", "-q", "--example", "corpus", "--"}, args...)...)
		cmd.Dir = ".."
	}
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return source{}, fmt.Errorf("generate the corpus: %w", err)
	}
	file, err := linesFile(text)
	if err != nil {
		return source{}, err
	}
	objects, err := manifest.ReadLines("corpus", bytes.NewReader(text))
	return source{name: fmt.Sprintf("corpus (seed %d)", seed), objects: objects, lines: file}, err
}

func number(variable string, fallback int) (int, error) {
	text := os.Getenv(variable)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s must be a number, is %q", variable, text)
	}
	return n, nil
}

// findings returns what the native validation says about each object, by its index.
func findings(binary, channel string, s source) ([][]gwapi.Finding, error) {
	out := make([][]gwapi.Finding, len(s.objects))
	if len(s.objects) == 0 {
		return out, nil
	}
	if s.lines != "" {
		defer os.RemoveAll(filepath.Dir(s.lines))
		all, err := gwapi.Validate(binary, channel, s.lines)
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
	dir, err := os.MkdirTemp("", "gwapi-judge")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	failed := make([]error, len(s.objects))
	parallel(len(s.objects), runtime.NumCPU(), func(i int) {
		o := s.objects[i]
		ext := ".yaml"
		if o.JSON {
			ext = ".json"
		}
		file := filepath.Join(dir, strconv.Itoa(i)+ext)
		if failed[i] = os.WriteFile(file, o.Body, 0o600); failed[i] == nil {
			out[i], failed[i] = gwapi.Validate(binary, channel, file)
		}
	})
	return out, errors.Join(failed...)
}

// compare asks both servers and returns a line for each object on which someone disagrees, and what the reference
// (our own CRD where there is none) says about every object.
func compare(ctx context.Context, ours, theirs *apiserver.Server, objects []manifest.Object, native [][]gwapi.Finding) ([]string, []apiserver.Verdict, error) {
	lines := make([]string, len(objects))
	said := make([]apiserver.Verdict, len(objects))
	failed := make([]error, len(objects))
	parallel(len(objects), 8*runtime.NumCPU(), func(i int) {
		o := &objects[i]
		first, err := ours.Create(ctx, o.APIVersion, o.Kind, o.Namespace, o.Body, o.ContentType())
		if err != nil {
			failed[i] = fmt.Errorf("%s: %w", o.Where, err)
			return
		}
		second := first
		if theirs != nil {
			if second, err = theirs.Create(ctx, o.APIVersion, o.Kind, o.Namespace, o.Body, o.ContentType()); err != nil {
				failed[i] = fmt.Errorf("%s: %w", o.Where, err)
				return
			}
		}
		said[i] = second
		if d := disagreement(first, second, native[i]); d != "" {
			lines[i] = fmt.Sprintf("%s %s %s %s: %s", o.Where, o.APIVersion, o.Kind, o.Name, d)
		}
	})
	var out []string
	for _, l := range lines {
		if l != "" {
			out = append(out, l)
		}
	}
	return out, said, errors.Join(failed...)
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
