package cluster

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/apimachinery/pkg/util/httpstream/spdy"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gwapi/conformance/shared/gwapi"
)

// Kubelet answers what the suite asks of pods past the client: their logs, and commands run inside them, of which
// there is one, the `client` of the mesh's echo application.
func (c *Cluster) Kubelet() (*rest.Config, io.Closer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/namespaces/{namespace}/pods/{name}/log", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, c.logs.text(client.ObjectKey{Namespace: r.PathValue("namespace"), Name: r.PathValue("name")}))
	})
	mux.HandleFunc("POST /api/v1/namespaces/{namespace}/pods/{name}/exec", c.exec)
	server := &http.Server{Handler: mux}
	go server.Serve(l)
	return &rest.Config{Host: "http://" + l.Addr().String(), QPS: -1}, server, nil
}

// exec speaks the remote command protocol, version 4: an error stream whose text is the failure, and output.
func (c *Cluster) exec(w http.ResponseWriter, r *http.Request) {
	if _, err := httpstream.Handshake(r, w, []string{"v4.channel.k8s.io"}); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	command := r.URL.Query()["command"]
	want := 1
	for _, name := range []string{"stdout", "stderr"} {
		if v := r.URL.Query().Get(name); v == "true" || v == "1" {
			want++
		}
	}
	arrivals := make(chan httpstream.Stream, 8)
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(stream httpstream.Stream, _ <-chan struct{}) error {
		arrivals <- stream
		return nil
	})
	if conn == nil {
		return
	}
	defer conn.Close()
	streams := map[string]httpstream.Stream{}
	timeout := time.After(10 * time.Second)
	for len(streams) < want {
		select {
		case s := <-arrivals:
			streams[s.Headers().Get(corev1.StreamType)] = s
		case <-timeout:
			return
		}
	}
	output, err := c.run(r.Context(), r.PathValue("namespace"), command)
	if err != nil {
		fmt.Fprintf(streams[corev1.StreamTypeError], `{"kind":"Status","apiVersion":"v1","status":"Failure","message":%q}`, err.Error())
	} else if out := streams[corev1.StreamTypeStdout]; out != nil {
		io.WriteString(out, output)
	}
	for _, s := range streams {
		s.Close()
	}
}

// run is the echo application's client in a pod of a namespace: `client URL [--method=M] [-H 'name: value']…`.
func (c *Cluster) run(ctx context.Context, namespace string, command []string) (string, error) {
	if len(command) < 2 || command[0] != "client" {
		return "", fmt.Errorf("the pod has no command %q", command)
	}
	u, err := url.Parse(command[1])
	if err != nil {
		return "", err
	}
	if u.Path == "" {
		u.Path = "/"
	}
	headers := http.Header{}
	request := gwapi.Request{Method: http.MethodGet, URL: u.String(), From: namespace, Protocol: "http/1.1"}
	for i := 2; i < len(command); i++ {
		switch {
		case strings.HasPrefix(command[i], "--method="):
			request.Method = strings.TrimPrefix(command[i], "--method=")
		case command[i] == "-H" && i+1 < len(command):
			i++
			name, value, _ := strings.Cut(command[i], ":")
			headers.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		default:
			return "", fmt.Errorf("the client has no argument %q", command[i])
		}
	}
	request.Headers, request.Backend = listOf(headers), backendOf(headers, u.RawQuery)
	if request.Address, err = c.dns(ctx, namespace, u.Hostname()); err != nil {
		return "", err
	}
	_, a, err := c.send(ctx, request)
	if err != nil {
		return "", err
	}
	lines := []string{"Url=" + u.String(), fmt.Sprintf("StatusCode=%d", a.status)}
	for name, values := range a.response {
		for _, v := range values {
			lines = append(lines, "ResponseHeader="+name+":"+v)
		}
	}
	sort.Strings(lines)
	if a.pod != nil {
		lines = append(lines, "Hostname="+a.pod.Name, "Method="+a.method, "Host="+a.host, "URL="+a.path)
		for name, values := range a.headers {
			for _, v := range values {
				lines = append(lines, "RequestHeader="+name+":"+v)
			}
		}
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// dns resolves the name of a Service as a pod of a namespace does.
func (c *Cluster) dns(ctx context.Context, namespace, host string) (string, error) {
	if net.ParseIP(host) != nil {
		return host, nil
	}
	name := strings.TrimSuffix(strings.TrimSuffix(host, ".cluster.local"), ".svc")
	name, ns, ok := strings.Cut(name, ".")
	if !ok {
		ns = namespace
	}
	s := &corev1.Service{}
	if err := c.core.Get(ctx, client.ObjectKey{Namespace: ns, Name: name}, s); err != nil {
		return "", fmt.Errorf("no such host %q: %w", host, err)
	}
	return s.Spec.ClusterIP, nil
}
