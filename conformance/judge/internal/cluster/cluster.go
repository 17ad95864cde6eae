// Package cluster serves an API server for custom resources as if it were that of a whole cluster: on a loopback port, with
// a kubeconfig, and with the core kinds that a controller needs.
//
// The core kinds are custom resources as well, so that lists, watches, versions and conflicts are the API server's own: those
// of groups with a name under their own, those of the core group under Group. Whoever asks never sees that name: paths
// and bodies are rewritten on the way.
package cluster

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"

	"k8s.io/client-go/rest"

	"gwapi/conformance/shared/apiserver"
)

// Group stands for the core group, which no custom resource can be of.
const Group = "core.gwapi.example"

// kind is a kind that a cluster has without Gateway API.
type kind struct {
	group, kind, plural, scope string
	// field is one by which objects can be selected.
	field string
}

var kinds = []kind{
	{Group, "Namespace", "namespaces", "Cluster", ""},
	{Group, "Service", "services", "Namespaced", ""},
	{Group, "Secret", "secrets", "Namespaced", "type"},
	{Group, "ConfigMap", "configmaps", "Namespaced", ""},
	{"discovery.k8s.io", "EndpointSlice", "endpointslices", "Namespaced", ""},
	{"coordination.k8s.io", "Lease", "leases", "Namespaced", ""},
	{"events.k8s.io", "Event", "events", "Namespaced", ""},
}

// definition is the CustomResourceDefinition of a kind, which takes any field.
func (k kind) definition() string {
	properties, selectable := "{}", "[]"
	if k.field != "" {
		properties = fmt.Sprintf("{%s: {type: string}}", k.field)
		selectable = fmt.Sprintf("[{jsonPath: .%s}]", k.field)
	}
	return fmt.Sprintf(`
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: %[3]s.%[1]s
  # Groups below k8s.io ask for an address that names an approval: here that of what they stand for.
  annotations: {api-approved.kubernetes.io: "https://github.com/kubernetes/kubernetes"}
spec:
  group: %[1]s
  scope: %[4]s
  names: {kind: %[2]s, listKind: %[2]sList, plural: %[3]s, singular: %[5]s}
  versions:
  - name: v1
    served: true
    storage: true
    selectableFields: %[7]s
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: %[6]s}}
`, k.group, k.kind, k.plural, k.scope, strings.ToLower(k.kind), properties, selectable)
}

// Cluster is one that is served.
type Cluster struct {
	server *http.Server
	// URL is where it is.
	URL string
}

// Serve adds the core kinds to a server, and serves it without asking who comes.
func Serve(ctx context.Context, server *apiserver.Server) (*Cluster, error) {
	var definitions strings.Builder
	for _, k := range kinds {
		definitions.WriteString(k.definition())
	}
	if _, err := server.Install(ctx, []byte(definitions.String())); err != nil {
		return nil, err
	}
	transport, err := rest.TransportFor(server.Config)
	if err != nil {
		return nil, err
	}
	target, err := url.Parse(server.Config.Host)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	proxy := &httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1,
		Rewrite:        func(r *httputil.ProxyRequest) { forward(r, target) },
		ModifyResponse: back,
	}
	c := &Cluster{server: &http.Server{Handler: proxy}, URL: "http://" + listener.Addr().String()}
	go c.server.Serve(listener)
	return c, nil
}

// Stop ends the serving, not the server behind it.
func (c *Cluster) Stop() { c.server.Close() }

// Kubeconfig writes a file by which a client finds the cluster.
func (c *Cluster) Kubeconfig(file string) error {
	return os.WriteFile(file, fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: judge, cluster: {server: %q}}]
contexts: [{name: judge, context: {cluster: judge, user: judge}}]
current-context: judge
users: [{name: judge, user: {}}]
`, c.URL), 0o600)
}

const (
	corePath = "/api/v1"
	ownPath  = "/apis/" + Group + "/v1"
)

var coreVersion, ownVersion = []byte(`"apiVersion":"v1"`), []byte(`"apiVersion":"` + Group + `/v1"`)

func isCore(path string) bool { return path == ownPath || strings.HasPrefix(path, ownPath+"/") }

// forward takes a request for the core group to the one that stands for it.
func forward(r *httputil.ProxyRequest, target *url.URL) {
	if rest, found := strings.CutPrefix(r.In.URL.Path, corePath); found {
		r.Out.URL.Path, r.Out.URL.RawPath = ownPath+rest, ""
		if r.In.Body != nil {
			body, err := io.ReadAll(r.In.Body)
			if err != nil {
				body = nil
			}
			body = bytes.ReplaceAll(body, coreVersion, ownVersion)
			r.Out.Body, r.Out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
	}
	// What is compressed could not be rewritten.
	r.Out.Header.Del("Accept-Encoding")
	r.SetURL(target)
	r.Out.Host = target.Host
}

// back takes the answer to such a request back, line by line: a watch is a line for each event.
func back(response *http.Response) error {
	if !isCore(response.Request.URL.Path) {
		return nil
	}
	body := response.Body
	reader, writer := io.Pipe()
	go func() {
		defer body.Close()
		lines := bufio.NewReader(body)
		for {
			line, err := lines.ReadBytes('\n')
			if _, gone := writer.Write(bytes.ReplaceAll(line, ownVersion, coreVersion)); gone != nil {
				return
			}
			if err != nil {
				writer.CloseWithError(err)
				return
			}
		}
	}()
	response.Body, response.ContentLength = reader, -1
	response.Header.Del("Content-Length")
	return nil
}
