package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gwapi/conformance/shared/gwapi"
)

// Ports of the suite's echo server.
const (
	// h2cPort takes HTTP/2 with prior knowledge and nothing else.
	h2cPort = 3001
)

// podLogs holds what the pods have printed.
type podLogs struct {
	mu    sync.Mutex
	lines map[client.ObjectKey][]string
}

func (l *podLogs) add(pod client.ObjectKey, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lines == nil {
		l.lines = map[client.ObjectKey][]string{}
	}
	l.lines[pod] = append(l.lines[pod], line)
}

func (l *podLogs) text(pod client.ObjectKey) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(append(l.lines[pod], ""), "\n")
}

// arrived is a request as an echo server reports it, and the response on its way back.
type arrived struct {
	path, host, method, protocol string
	headers                      http.Header

	pod      *corev1.Pod
	status   int
	response http.Header
}

// backendOf says how the echo server would answer: it sets the headers that the client asks for and waits as long as
// the query says.
func backendOf(headers http.Header, rawQuery string) *gwapi.Backend {
	b := &gwapi.Backend{}
	for _, list := range headers.Values("X-Echo-Set-Header") {
		for _, pair := range strings.Split(list, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), ":")
			if name != "" {
				b.Headers = append(b.Headers, gwapi.Header{name, value})
			}
		}
	}
	if query, err := url.ParseQuery(rawQuery); err == nil {
		b.Delay = query.Get("delay")
	}
	return b
}

// podAt finds the pod with an address.
func (c *Cluster) podAt(ctx context.Context, address string) (*corev1.Pod, error) {
	pods := &corev1.PodList{}
	if err := c.core.List(ctx, pods); err != nil {
		return nil, err
	}
	for i := range pods.Items {
		if pods.Items[i].Status.PodIP == address {
			return &pods.Items[i], nil
		}
	}
	return nil, fmt.Errorf("no pod has the address %s", address)
}

// certificateOf reads the certificate and the key that a pod serves TLS with: those of the Secret that is mounted into it.
func (c *Cluster) certificateOf(pod *corev1.Pod) (string, string, error) {
	for _, volume := range pod.Spec.Volumes {
		if volume.Secret == nil {
			continue
		}
		secret := &corev1.Secret{}
		key := client.ObjectKey{Namespace: pod.Namespace, Name: volume.Secret.SecretName}
		if err := c.core.Get(context.Background(), key, secret); err != nil {
			return "", "", err
		}
		return string(secret.Data[corev1.TLSCertKey]), string(secret.Data[corev1.TLSPrivateKeyKey]), nil
	}
	return "", "", fmt.Errorf("pod %s/%s has no certificate", pod.Namespace, pod.Name)
}

// send asks the simulator what becomes of a request and lets the pods that it reaches answer.
func (c *Cluster) send(ctx context.Context, r gwapi.Request) (*gwapi.Answer, *arrived, error) {
	answer, err := c.sim.Request(r)
	if err != nil {
		return nil, nil, err
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, nil, err
	}
	a := &arrived{method: r.Method, status: answer.Status, response: http.Header{}}
	if answer.Response != nil {
		if a.status == 0 {
			a.status = answer.Response.Status
		}
		a.response = headerOf(answer.Response.Headers)
	}
	if answer.Outcome == "refused" {
		return nil, nil, fmt.Errorf("connection refused: %s", answer.Why)
	}
	if answer.Outcome != "forwarded" {
		return answer, a, nil
	}
	if answer.Endpoint == nil {
		return nil, nil, fmt.Errorf("forwarded to no endpoint: backend %+v", answer.Backend)
	}
	if a.pod, err = c.podAt(ctx, answer.Endpoint.Address); err != nil {
		return nil, nil, err
	}
	if f := answer.Forwarded; f != nil {
		a.path, a.host, a.method, a.protocol, a.headers = f.Path, f.Host, f.Method, f.Protocol, headerOf(f.Headers)
	} else {
		// Below HTTP nothing is changed on the way, and the answer is the pod's alone.
		a.path, a.host, a.protocol, a.headers = u.RequestURI(), u.Host, r.Protocol, headerOf(r.Headers)
		a.status = http.StatusOK
		if r.Backend != nil {
			a.response = headerOf(r.Backend.Headers)
		}
	}
	if answer.Endpoint.Port == h2cPort && a.protocol != "h2c" {
		a.status = http.StatusBadRequest
	}
	c.echoLog(a.pod, a.path)
	for _, m := range answer.Mirrors {
		pod, err := c.podAt(ctx, m.Endpoint.Address)
		if err != nil {
			return nil, nil, fmt.Errorf("mirror: %w", err)
		}
		c.echoLog(pod, m.Forwarded.Path)
	}
	return answer, a, nil
}

// echoLog prints what the suite looks for in the log of a pod.
func (c *Cluster) echoLog(pod *corev1.Pod, path string) {
	c.logs.add(client.ObjectKeyFromObject(pod), fmt.Sprintf("Echoing back request made to %s to client (10.0.0.1:1)", path))
}

func headerOf(list []gwapi.Header) http.Header {
	h := http.Header{}
	for _, pair := range list {
		h.Add(pair[0], pair[1])
	}
	return h
}

func listOf(headers http.Header) []gwapi.Header {
	var out []gwapi.Header
	for name, values := range headers {
		for _, v := range values {
			out = append(out, gwapi.Header{name, v})
		}
	}
	return out
}

// env tells whether a container of the pod has a variable.
func env(pod *corev1.Pod, name string) bool {
	for _, container := range pod.Spec.Containers {
		for _, e := range container.Env {
			if e.Name == name {
				return true
			}
		}
	}
	return false
}
