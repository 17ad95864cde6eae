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
	r, ok := s.served[apiVersion+"/"+kind]
	if !ok {
		return Verdict{Message: fmt.Sprintf("no matches for kind %q in version %q", kind, apiVersion)}, nil
	}
	path := s.base + "/apis/" + apiVersion + "/"
	if r.namespaced {
		if namespace == "" {
			namespace = "default"
		}
		path += "namespaces/" + url.PathEscape(namespace) + "/"
	}
	path += r.plural + "?dryRun=All&fieldValidation=Strict"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		return Verdict{}, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", "application/json")
	resp, err := s.http.Do(req)
	if err != nil {
		return Verdict{}, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return Verdict{}, err
	}
	if resp.StatusCode < 300 {
		return Verdict{Accepted: true}, nil
	}
	status := metav1.Status{}
	if err := json.Unmarshal(answer, &status); err != nil || status.Kind != "Status" {
		return Verdict{}, fmt.Errorf("%s: answer %d is no Status: %.200s", s.Name, resp.StatusCode, answer)
	}
	if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests {
		return Verdict{}, fmt.Errorf("%s: %d %s", s.Name, resp.StatusCode, status.Message)
	}
	return Verdict{Fields: fields(&status), Message: status.Message}, nil
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
