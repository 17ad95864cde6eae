// Package cluster is the cluster that the official suite runs on: Gateway API kinds live in the API server's own code
// with the CRDs of gwapi, core kinds in a fake client with the few controllers that the suite relies on, and the data
// plane is `gwapi serve`. Every write is told to the simulator, and the statuses that it wants are written back before
// the write returns.
package cluster

import (
	"context"
	"fmt"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/apis/v1alpha2"
	"sigs.k8s.io/gateway-api/apis/v1alpha3"
	"sigs.k8s.io/gateway-api/apis/v1beta1"

	"gwapi/conformance/shared/gwapi"
)

// Cluster is a client.Client whose writes the simulator follows.
type Cluster struct {
	scheme *runtime.Scheme
	mapper meta.RESTMapper
	// api is the real API server, core the fake one.
	api, core client.Client
	sim       *gwapi.Serve
	network   *network

	// mu makes a write and all that follows from it one step.
	mu      sync.Mutex
	numbers podNumbers
	logs    podLogs
}

var _ client.Client = (*Cluster)(nil)

// New joins an API server that has the CRDs with a simulator.
func New(cfg *rest.Config, sim *gwapi.Serve) (*Cluster, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientscheme.AddToScheme, apiextensionsv1.AddToScheme,
		gatewayv1.Install, v1beta1.Install, v1alpha2.Install, v1alpha3.Install,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	mapper := restMapper(scheme)
	api, err := client.New(cfg, client.Options{Scheme: scheme, Mapper: mapper})
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		scheme: scheme, mapper: mapper, api: api, sim: sim,
		core: fake.NewClientBuilder().WithScheme(scheme).WithRESTMapper(mapper).Build(),
	}
	c.network = newNetwork(c)
	return c, nil
}

// restMapper knows the kinds without asking the server, which serves no core group.
func restMapper(scheme *runtime.Scheme) meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	for gvk := range scheme.AllKnownTypes() {
		if strings.HasSuffix(gvk.Kind, "List") || strings.HasSuffix(gvk.Kind, "Options") || gvk.Version == runtime.APIVersionInternal {
			continue
		}
		switch gvk.Kind {
		case "Gateway":
			// The plural that is guessed for the word is wrong.
			mapper.AddSpecific(gvk, gvk.GroupVersion().WithResource("gateways"), gvk.GroupVersion().WithResource("gateway"), meta.RESTScopeNamespace)
		case "Namespace", "Node", "PersistentVolume", "GatewayClass", "CustomResourceDefinition":
			mapper.Add(gvk, meta.RESTScopeRoot)
		default:
			mapper.Add(gvk, meta.RESTScopeNamespace)
		}
	}
	return mapper
}

// Close ends the sockets of the data plane.
func (c *Cluster) Close() { c.network.close() }

// served tells whether the API server has the kind; the rest is the fake client's.
func served(gvk schema.GroupVersionKind) bool {
	return gvk.Group == gatewayv1.GroupName || gvk.Group == apiextensionsv1.GroupName
}

func (c *Cluster) side(obj runtime.Object) (client.Client, schema.GroupVersionKind, error) {
	gvk, err := apiutil.GVKForObject(obj, c.scheme)
	if err != nil {
		return nil, gvk, err
	}
	if served(gvk) {
		return c.api, gvk, nil
	}
	return c.core, gvk, nil
}

// Get reads an object from where it lives.
func (c *Cluster) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	side, _, err := c.side(obj)
	if err != nil {
		return err
	}
	return side.Get(ctx, key, obj, opts...)
}

// List reads objects from where they live.
func (c *Cluster) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	side, _, err := c.side(list)
	if err != nil {
		return err
	}
	return side.List(ctx, list, opts...)
}

// write runs one change of an object and lets the cluster follow it.
func (c *Cluster) write(ctx context.Context, obj client.Object, change func(client.Client) error) error {
	side, gvk, err := c.side(obj)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	before(side == c.core, obj)
	if err := change(side); err != nil {
		return err
	}
	return c.follow(ctx, gvk, client.ObjectKeyFromObject(obj))
}

// Create adds an object.
func (c *Cluster) Create(ctx context.Context, obj client.Object, opts ...client.CreateOption) error {
	return c.write(ctx, obj, func(side client.Client) error { return side.Create(ctx, obj, opts...) })
}

// Update replaces an object.
func (c *Cluster) Update(ctx context.Context, obj client.Object, opts ...client.UpdateOption) error {
	return c.write(ctx, obj, func(side client.Client) error { return side.Update(ctx, obj, opts...) })
}

// Patch changes an object.
func (c *Cluster) Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
	return c.write(ctx, obj, func(side client.Client) error { return side.Patch(ctx, obj, patch, opts...) })
}

// Delete removes an object.
func (c *Cluster) Delete(ctx context.Context, obj client.Object, opts ...client.DeleteOption) error {
	return c.write(ctx, obj, func(side client.Client) error { return side.Delete(ctx, obj, opts...) })
}

// DeleteAllOf removes all objects of a kind that fit.
func (c *Cluster) DeleteAllOf(ctx context.Context, obj client.Object, opts ...client.DeleteAllOfOption) error {
	return fmt.Errorf("DeleteAllOf is not what this cluster does: delete %T one by one", obj)
}

// Status writes through the status subresource.
func (c *Cluster) Status() client.SubResourceWriter { return c.SubResource("status") }

// SubResource reaches a subresource; what is written there is followed as well.
func (c *Cluster) SubResource(name string) client.SubResourceClient {
	return &subResource{cluster: c, name: name}
}

// Scheme is the scheme of all kinds.
func (c *Cluster) Scheme() *runtime.Scheme { return c.scheme }

// RESTMapper maps kinds to resources.
func (c *Cluster) RESTMapper() meta.RESTMapper { return c.mapper }

// GroupVersionKindFor is the kind of a Go type.
func (c *Cluster) GroupVersionKindFor(obj runtime.Object) (schema.GroupVersionKind, error) {
	return apiutil.GVKForObject(obj, c.scheme)
}

// IsObjectNamespaced tells the scope of a kind.
func (c *Cluster) IsObjectNamespaced(obj runtime.Object) (bool, error) {
	return apiutil.IsObjectNamespaced(obj, c.scheme, c.mapper)
}

type subResource struct {
	cluster *Cluster
	name    string
}

func (s *subResource) Get(ctx context.Context, obj, sub client.Object, opts ...client.SubResourceGetOption) error {
	side, _, err := s.cluster.side(obj)
	if err != nil {
		return err
	}
	return side.SubResource(s.name).Get(ctx, obj, sub, opts...)
}

func (s *subResource) Create(ctx context.Context, obj, sub client.Object, opts ...client.SubResourceCreateOption) error {
	return s.cluster.write(ctx, obj, func(side client.Client) error {
		return side.SubResource(s.name).Create(ctx, obj, sub, opts...)
	})
}

func (s *subResource) Update(ctx context.Context, obj client.Object, opts ...client.SubResourceUpdateOption) error {
	return s.cluster.write(ctx, obj, func(side client.Client) error {
		return side.SubResource(s.name).Update(ctx, obj, opts...)
	})
}

func (s *subResource) Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
	return s.cluster.write(ctx, obj, func(side client.Client) error {
		return side.SubResource(s.name).Patch(ctx, obj, patch, opts...)
	})
}

// follow lets the controllers act on a changed object and brings the simulator and all statuses up to date.
func (c *Cluster) follow(ctx context.Context, gvk schema.GroupVersionKind, key client.ObjectKey) error {
	changed := []change{{gvk, key}}
	more, err := c.controllers(ctx, gvk, key)
	if err != nil {
		return err
	}
	if err := c.resolve(ctx, append(changed, more...)); err != nil {
		return err
	}
	return c.network.follow()
}

// change names an object that was written or removed.
type change struct {
	gvk schema.GroupVersionKind
	key client.ObjectKey
}

// told are the kinds that the simulator is told of.
func told(gvk schema.GroupVersionKind) bool {
	switch gvk.GroupKind() {
	case corev1.SchemeGroupVersion.WithKind("Namespace").GroupKind(),
		corev1.SchemeGroupVersion.WithKind("Service").GroupKind(),
		corev1.SchemeGroupVersion.WithKind("Secret").GroupKind(),
		corev1.SchemeGroupVersion.WithKind("ConfigMap").GroupKind(),
		discoveryv1.SchemeGroupVersion.WithKind("EndpointSlice").GroupKind():
		return true
	}
	return gvk.Group == gatewayv1.GroupName
}

// resolve tells the simulator what changed and writes back the statuses that it asks for, until it asks for none.
func (c *Cluster) resolve(ctx context.Context, changes []change) error {
	var objects []map[string]any
	var removed []gwapi.Ref
	for _, ch := range changes {
		if !told(ch.gvk) {
			continue
		}
		obj, err := c.read(ctx, ch)
		switch {
		case apierrors.IsNotFound(err):
			removed = append(removed, gwapi.Ref{
				APIVersion: ch.gvk.GroupVersion().String(), Kind: ch.gvk.Kind, Namespace: ch.key.Namespace, Name: ch.key.Name,
			})
		case err != nil:
			return err
		default:
			objects = append(objects, obj.Object)
		}
	}
	var wanted []gwapi.Changed
	if len(removed) > 0 {
		reply, err := c.sim.Delete(removed...)
		if err != nil {
			return err
		}
		wanted = reply.Changed
	}
	// Statuses settle in one round; more than a few mean that the simulator does not agree with itself.
	for round := 0; ; round++ {
		if len(objects) > 0 {
			reply, err := c.sim.Apply(objects...)
			if err != nil {
				return err
			}
			for _, e := range reply.Errors {
				return fmt.Errorf("gwapi serve: apply %.200s: %s", e.Object, e.Message)
			}
			if round == 0 {
				wanted = union(wanted, reply.Changed)
			} else {
				wanted = reply.Changed
			}
		}
		if len(wanted) == 0 {
			return nil
		}
		if round == 5 {
			return fmt.Errorf("gwapi serve still wants %s %s/%s written after %d rounds", wanted[0].Kind, wanted[0].Metadata.Namespace, wanted[0].Metadata.Name, round)
		}
		objects = objects[:0]
		for _, w := range wanted {
			obj, err := c.writeStatus(ctx, w)
			if err != nil {
				return err
			}
			if obj != nil {
				objects = append(objects, obj.Object)
			}
		}
		if len(objects) == 0 {
			return nil
		}
	}
}

// union joins what two replies want written; the later one is right about an object that both name.
func union(earlier, later []gwapi.Changed) []gwapi.Changed {
	seen := map[string]bool{}
	for _, w := range later {
		seen[w.Kind+"/"+w.Metadata.Namespace+"/"+w.Metadata.Name] = true
	}
	for _, w := range earlier {
		if !seen[w.Kind+"/"+w.Metadata.Namespace+"/"+w.Metadata.Name] {
			later = append(later, w)
		}
	}
	return later
}

func (c *Cluster) read(ctx context.Context, ch change) (*unstructured.Unstructured, error) {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(ch.gvk)
	if err := c.Get(ctx, ch.key, obj); err != nil {
		return nil, err
	}
	obj.SetManagedFields(nil)
	return obj, nil
}

// writeStatus writes a status through the status subresource and returns the object as the server then has it.
func (c *Cluster) writeStatus(ctx context.Context, w gwapi.Changed) (*unstructured.Unstructured, error) {
	gvk := schema.FromAPIVersionAndKind(w.APIVersion, w.Kind)
	if gvk.Group != gatewayv1.GroupName {
		return nil, fmt.Errorf("gwapi serve wants the status of a %s %s written", w.APIVersion, w.Kind)
	}
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(gvk)
	key := client.ObjectKey{Namespace: w.Metadata.Namespace, Name: w.Metadata.Name}
	if err := c.api.Get(ctx, key, obj); err != nil {
		return nil, fmt.Errorf("gwapi serve wants the status of a %s that is not there: %w", gvk.Kind, err)
	}
	obj.Object["status"] = w.Status
	if err := c.api.Status().Update(ctx, obj); err != nil {
		return nil, fmt.Errorf("the API server refuses the status that gwapi wants for %s %s: %w", gvk.Kind, key, err)
	}
	obj.SetManagedFields(nil)
	return obj, nil
}

// deploymentKind is the one kind that gets pods.
var deploymentKind = appsv1.SchemeGroupVersion.WithKind("Deployment")
