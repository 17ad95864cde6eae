// Package upstream finds the releases of Gateway API: their reference CRDs and their examples, in a folder of releases
// or in the Go module of a release.
package upstream

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// Module is the Go module that carries CRDs and examples of a release.
const Module = "sigs.k8s.io/gateway-api"

// FromModule are the releases that are looked for in the Go module when the folder of releases has them not.
var FromModule = []string{"v1.6.2", "v1.6.3", "v1.7.0"}

// Release is one release as upstream published it.
type Release struct {
	Name string
	// files is the folder or the archive; crds and the others are folders in it.
	files                   fs.FS
	crds, examples, invalid string
}

// Dir is the folder of releases: $GWAPI_REFERENCE, or the place of the shared data beside the repository.
func Dir() string {
	if dir := os.Getenv("GWAPI_REFERENCE"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "..", "shared", "upstream")
}

// Releases returns what is at hand, in order, and a line for each release that is not.
func Releases() ([]Release, []string) {
	var out []Release
	var missing []string
	dir := Dir()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, []string{fmt.Sprintf("no reference CRDs: %v (GWAPI_REFERENCE names the folder of releases)", err)}
	}
	have := map[string]bool{}
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(dir, e.Name(), "crds")); err == nil && release.MatchString(e.Name()) {
			have[e.Name()] = true
			out = append(out, Release{
				Name: e.Name(), files: os.DirFS(filepath.Join(dir, e.Name())),
				crds: "crds", examples: "examples", invalid: "invalid-examples",
			})
		}
	}
	for _, name := range FromModule {
		if have[name] {
			continue
		}
		r, err := download(name)
		if err != nil {
			missing = append(missing, fmt.Sprintf("%s is left out: %v", name, err))
			continue
		}
		out = append(out, r)
	}
	sort.Slice(out, func(i, j int) bool { return Before(out[i].Name, out[j].Name) })
	return out, missing
}

// download asks the Go command for the archive of a module. It says where the archive is even when the module wants a
// newer Go: nothing of it is compiled here.
func download(name string) (Release, error) {
	cmd := exec.Command("go", "mod", "download", "-json", Module+"@"+name)
	cmd.Dir = os.TempDir()
	text, err := cmd.Output()
	var answer struct{ Zip, Error string }
	if json.Unmarshal(text, &answer) != nil || answer.Zip == "" {
		if answer.Error != "" {
			err = errors.New(answer.Error)
		}
		return Release{}, fmt.Errorf("the Go module is out of reach: %w", err)
	}
	archive, err := zip.OpenReader(answer.Zip)
	if err != nil {
		return Release{}, err
	}
	files, err := fs.Sub(archive, Module+"@"+name)
	if err != nil {
		return Release{}, err
	}
	return Release{Name: name, files: files, crds: "config/crd", examples: "examples", invalid: "hack/invalid-examples"}, nil
}

// CRDs is the stream of all CustomResourceDefinitions of a channel.
func (r Release) CRDs(channel string) ([]byte, error) {
	stream, err := r.kind(channel, "CustomResourceDefinition")
	if err == nil && len(stream) == 0 {
		err = fmt.Errorf("%s: no CustomResourceDefinitions of the %s channel", r.Name, channel)
	}
	return stream, err
}

// Policies is the stream of the admission policies that come with the CRDs: empty where none does.
func (r Release) Policies(channel string) ([]byte, error) {
	return r.kind(channel, "ValidatingAdmissionPolicy")
}

// kind is the stream of the files of a channel that have an object of this kind.
func (r Release) kind(channel, kind string) ([]byte, error) {
	dir := path.Join(r.crds, channel)
	entries, err := fs.ReadDir(r.files, dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Name, err)
	}
	var stream bytes.Buffer
	for _, e := range entries {
		if path.Ext(e.Name()) != ".yaml" {
			continue
		}
		text, err := fs.ReadFile(r.files, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Name, err)
		}
		if !bytes.Contains(text, []byte("\nkind: "+kind+"\n")) {
			continue
		}
		stream.WriteString("\n---\n")
		stream.Write(text)
	}
	return stream.Bytes(), nil
}

// Examples are the manifests that the release shows, and Invalid those that a server of it refuses; nil where the
// release is here without them.
func (r Release) Examples() fs.FS { return r.sub(r.examples) }

// Invalid are the manifests that the release shows as wrong.
func (r Release) Invalid() fs.FS { return r.sub(r.invalid) }

func (r Release) sub(dir string) fs.FS {
	if _, err := fs.Stat(r.files, dir); err != nil {
		return nil
	}
	sub, err := fs.Sub(r.files, dir)
	if err != nil {
		return nil
	}
	return sub
}

var release = regexp.MustCompile(`^v([0-9]+)\.([0-9]+)\.([0-9]+)$`)

// Before tells whether release a is older than release b.
func Before(a, b string) bool {
	x, y := release.FindStringSubmatch(a), release.FindStringSubmatch(b)
	if x == nil || y == nil {
		return strings.Compare(a, b) < 0
	}
	for i := 1; i < len(x); i++ {
		m, _ := strconv.Atoi(x[i])
		n, _ := strconv.Atoi(y[i])
		if m != n {
			return m < n
		}
	}
	return false
}
