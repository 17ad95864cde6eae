package judge

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"gwapi/conformance/judge/internal/manifest"
	"gwapi/conformance/judge/internal/probe"
	"gwapi/conformance/judge/internal/upstream"
	"gwapi/conformance/shared/apiserver"
)

// source is a set of objects from one place.
type source struct {
	name    string
	objects []manifest.Object
	err     error
	// probes are what the objects were made for, each told of what the reference says.
	probes []*probe.Probe
	heard  func(*probe.Probe, apiserver.Verdict)
	// lines tells that all objects are JSON, and that gwapi reads them from one file.
	lines bool
	// stored, for objects whose status is written, is what each server has of them.
	stored map[*apiserver.Server]versions
	// smallest are these objects, by key of the kind.
	smallest map[string][]byte
}

// withoutValue is a placeholder that has no value of its own.
var withoutValue = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`)

// collect gathers what there is for a release: nil where no reference is here. Of a group that the bundle has not,
// nothing is judged.
func collect(release *upstream.Release, channel string, schemas probe.Bundle) ([]source, error) {
	var out []source
	root := filepath.Join("..", "..")
	add := func(name string, dir fs.FS) {
		if dir == nil {
			return
		}
		objects, err := manifest.Read(dir, name)
		s := source{name: name, err: err}
		for _, o := range objects {
			// What a placeholder without value stands for is not known, and so not judged by gwapi.
			if schemas.Serves(o.APIVersion) && !withoutValue.Match(o.Body) {
				s.objects = append(s.objects, o)
			}
		}
		out = append(out, s)
	}
	add("fixtures", os.DirFS(filepath.Join(root, "tests", "fixtures")))
	add("examples/manifests", os.DirFS(filepath.Join(root, "examples", "manifests")))
	if release != nil {
		add("upstream/examples", release.Examples())
		add("upstream/invalid-examples", release.Invalid())
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
		get  func() (source, error)
	}{
		{"mutants", func() (source, error) { return mutants(given) }},
		{"corpus", func() (source, error) { return generated(release, channel) }},
	} {
		s, err := more.get()
		if err != nil {
			s = source{name: more.name, err: err}
		}
		out = append(out, s)
	}
	return out, nil
}

// mutants changes the objects at hand in one place each, without regard to any schema.
func mutants(given []manifest.Object) (source, error) {
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
	return source{name: fmt.Sprintf("mutants (seed %d)", seed), objects: objects, lines: true}, nil
}

// generated asks the corpus example for objects of the release: valid by construction, or broken in one place.
func generated(release *upstream.Release, channel string) (source, error) {
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
	if release != nil {
		args = append(args, "--release", release.Name)
	}
	cmd := exec.Command(name, args...)
	if name == "" {
		cmd = exec.Command("cargo", append([]string{"run", "-q", "--example", "corpus", "--"}, args...)...)
		cmd.Dir = filepath.Join("..", "..")
	}
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return source{}, fmt.Errorf("generate the corpus: %w", err)
	}
	objects, err := manifest.ReadLines("corpus", bytes.NewReader(text))
	return source{name: fmt.Sprintf("corpus (seed %d)", seed), objects: objects, lines: true}, err
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
