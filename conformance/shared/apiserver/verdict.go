package apiserver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Verdict is what a server says about an object that someone wants to create.
type Verdict struct {
	Accepted bool
	// Fields are those that a refusal names, sorted, each once.
	Fields []string
	// Message is the server's own text.
	Message string
}

// strict is how a server reports what strict field validation finds.
var strict = regexp.MustCompile(`(?:unknown|duplicate) field "((?:[^"\\]|\\.)*)"`)

// yamlKey is how the same reads when the decoder of YAML finds it first.
var yamlKey = regexp.MustCompile(`key "((?:[^"\\]|\\.)*)" already set in map`)

// Create asks for a dry-run creation with strict field validation, as `kubectl apply` does. The body goes as it is,
// so that a duplicate key is the server's to find; contentType tells YAML from JSON.
func (s *Server) Create(ctx context.Context, apiVersion, kind, namespace string, body []byte, contentType string) (Verdict, error) {
	path, ok := s.path(apiVersion, kind, namespace)
	if !ok {
		return unserved(apiVersion, kind), nil
	}
	v, _, err := s.send(ctx, http.MethodPost, path+"?dryRun=All&fieldValidation=Strict", body, contentType)
	return v, err
}

// Store creates an object for good, whose status can then be written, and returns its resourceVersion.
func (s *Server) Store(ctx context.Context, apiVersion, kind, namespace string, body []byte) (string, error) {
	path, ok := s.path(apiVersion, kind, namespace)
	if !ok {
		return "", fmt.Errorf("%s: %s", s.Name, unserved(apiVersion, kind).Message)
	}
	v, answer, err := s.send(ctx, http.MethodPost, path+"?fieldValidation=Strict", body, "application/json")
	if err != nil {
		return "", err
	}
	if !v.Accepted {
		return "", fmt.Errorf("%s: %s %s: %s", s.Name, apiVersion, kind, v.Message)
	}
	var stored metav1.PartialObjectMetadata
	if err := json.Unmarshal(answer, &stored); err != nil {
		return "", err
	}
	return stored.ResourceVersion, nil
}

// WriteStatus asks for a dry run of writing the status of a stored object, with strict field validation. The body
// names the resourceVersion.
func (s *Server) WriteStatus(ctx context.Context, apiVersion, kind, namespace, name string, body []byte) (Verdict, error) {
	path, ok := s.path(apiVersion, kind, namespace)
	if !ok {
		return unserved(apiVersion, kind), nil
	}
	v, _, err := s.send(ctx, http.MethodPut, path+"/"+name+"/status?dryRun=All&fieldValidation=Strict", body, "application/json")
	// The summaries of a structural failure, which on creation hang on no field, here hang on the whole status.
	v.Fields = slices.DeleteFunc(v.Fields, func(f string) bool { return f == "status" })
	return v, err
}

func unserved(apiVersion, kind string) Verdict {
	return Verdict{Message: fmt.Sprintf("no matches for kind %q in version %q", kind, apiVersion)}
}

// path is where objects of a kind are; namespace counts where the kind has one.
func (s *Server) path(apiVersion, kind, namespace string) (string, bool) {
	r, ok := s.served[apiVersion+"/"+kind]
	if !ok {
		return "", false
	}
	path := s.base + "/apis/" + apiVersion + "/"
	if r.namespaced {
		if namespace == "" {
			namespace = "default"
		}
		path += "namespaces/" + url.PathEscape(namespace) + "/"
	}
	return path + r.plural, true
}

func (s *Server) send(ctx context.Context, method, path string, body []byte, contentType string) (Verdict, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, path, bytes.NewReader(body))
	if err != nil {
		return Verdict{}, nil, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", "application/json")
	resp, err := s.http.Do(req)
	if err != nil {
		return Verdict{}, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return Verdict{}, nil, err
	}
	if resp.StatusCode < 300 {
		return Verdict{Accepted: true}, answer, nil
	}
	status := metav1.Status{}
	if err := json.Unmarshal(answer, &status); err != nil || status.Kind != "Status" {
		return Verdict{}, nil, fmt.Errorf("%s: answer %d is no Status: %.200s", s.Name, resp.StatusCode, answer)
	}
	if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusConflict {
		return Verdict{}, nil, fmt.Errorf("%s: %d %s", s.Name, resp.StatusCode, status.Message)
	}
	return Verdict{Fields: fields(&status), Message: status.Message}, answer, nil
}

func fields(status *metav1.Status) []string {
	seen := map[string]bool{}
	if status.Details != nil {
		for _, c := range status.Details.Causes {
			// The summary of a structural failure ("some validation rules were not checked") hangs on no field.
			if c.Field != "" && c.Field != "<nil>" {
				seen[Normal(c.Field)] = true
			}
		}
	}
	for _, m := range strict.FindAllStringSubmatch(status.Message, -1) {
		seen[Normal(m[1])] = true
	}
	out := make([]string, 0, len(seen))
	for f := range seen {
		out = append(out, f)
	}
	sort.Strings(out)
	return out
}

// DuplicateKey tells whether a refusal is about a key that stands twice in a YAML document: the decoder then names
// the key alone, without its path.
func DuplicateKey(message string) (string, bool) {
	m := yamlKey.FindStringSubmatch(message)
	if m == nil {
		return "", false
	}
	return m[1], true
}

var bracket = regexp.MustCompile(`\[("?)([^\[\]"]*[^\[\]"0-9][^\[\]"]*)("?)\]`)

// Normal writes a field path one way: keys of maps with dots, indexes in brackets, nothing in front.
func Normal(path string) string {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
	return bracket.ReplaceAllString(path, ".$2")
}
