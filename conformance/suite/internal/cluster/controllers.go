package cluster

import (
	"context"
	"fmt"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/uuid"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// podNumbers counts the addresses given out.
type podNumbers struct{ pods, services int }

func (n *podNumbers) podIP() string {
	n.pods++
	return fmt.Sprintf("10.244.%d.%d", n.pods/250, 1+n.pods%250)
}

func (n *podNumbers) clusterIP() string {
	n.services++
	return fmt.Sprintf("10.96.%d.%d", n.services/250, 1+n.services%250)
}

// before gives a new core object what an API server would: an age, an identity, a Namespace its name as a label.
func before(core bool, obj client.Object) {
	if !core || obj.GetResourceVersion() != "" {
		return
	}
	if ts := obj.GetCreationTimestamp(); ts.IsZero() {
		obj.SetCreationTimestamp(metav1.NewTime(time.Now().Truncate(time.Second)))
	}
	if obj.GetUID() == "" {
		obj.SetUID(uuid.NewUUID())
	}
	if obj.GetObjectKind().GroupVersionKind().Kind == "Namespace" {
		set := map[string]string{"kubernetes.io/metadata.name": obj.GetName()}
		for k, v := range obj.GetLabels() {
			set[k] = v
		}
		obj.SetLabels(set)
	}
}

// controllers does what the controllers of a cluster do about a changed object, and returns what changed by that.
func (c *Cluster) controllers(ctx context.Context, gvk schema.GroupVersionKind, key client.ObjectKey) ([]change, error) {
	switch {
	case gvk.GroupKind() == deploymentKind.GroupKind():
		if err := c.deployment(ctx, key); err != nil {
			return nil, err
		}
		return c.endpoints(ctx, key.Namespace)
	case gvk.Group == "" && gvk.Kind == "Service":
		if err := c.service(ctx, key); err != nil {
			return nil, err
		}
		return c.endpoints(ctx, key.Namespace)
	case gvk.Group == "" && gvk.Kind == "Pod":
		return c.endpoints(ctx, key.Namespace)
	}
	return nil, nil
}

// deployment makes or removes the pods of a Deployment; each is ready at once.
func (c *Cluster) deployment(ctx context.Context, key client.ObjectKey) error {
	d := &appsv1.Deployment{}
	replicas := 0
	err := c.core.Get(ctx, key, d)
	switch {
	case err == nil:
		replicas = 1
		if d.Spec.Replicas != nil {
			replicas = int(*d.Spec.Replicas)
		}
	case !apierrors.IsNotFound(err):
		return err
	}
	for i := 0; ; i++ {
		name := key.Name + "-" + strconv.Itoa(i)
		pod := &corev1.Pod{}
		err := c.core.Get(ctx, client.ObjectKey{Namespace: key.Namespace, Name: name}, pod)
		present := err == nil
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
		switch {
		case i >= replicas && !present:
			return nil
		case i >= replicas:
			if err := c.core.Delete(ctx, pod); err != nil {
				return err
			}
		case !present:
			if err := c.pod(ctx, d, name); err != nil {
				return err
			}
		}
	}
}

func (c *Cluster) pod(ctx context.Context, d *appsv1.Deployment, name string) error {
	ip := c.numbers.podIP()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: d.Namespace, Name: name, Labels: d.Spec.Template.Labels, UID: uuid.NewUUID(),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: d.Name, UID: d.UID}},
		},
		Spec: *d.Spec.Template.Spec.DeepCopy(),
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
	pod.Spec.NodeName = "node"
	return c.core.Create(ctx, pod)
}

// service gives a Service its cluster address and the defaults of its ports.
func (c *Cluster) service(ctx context.Context, key client.ObjectKey) error {
	s := &corev1.Service{}
	if err := c.core.Get(ctx, key, s); err != nil {
		return client.IgnoreNotFound(err)
	}
	if s.Spec.Type == "" {
		s.Spec.Type = corev1.ServiceTypeClusterIP
	}
	if s.Spec.ClusterIP == "" {
		s.Spec.ClusterIP = c.numbers.clusterIP()
	}
	s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		if p.Protocol == "" {
			p.Protocol = corev1.ProtocolTCP
		}
		if p.TargetPort == (intstr.IntOrString{}) {
			p.TargetPort = intstr.FromInt32(p.Port)
		}
	}
	return c.core.Update(ctx, s)
}

// endpoints brings the EndpointSlices of a namespace in line with its Services and pods.
func (c *Cluster) endpoints(ctx context.Context, namespace string) ([]change, error) {
	var services corev1.ServiceList
	var pods corev1.PodList
	var slices discoveryv1.EndpointSliceList
	for _, list := range []client.ObjectList{&services, &pods, &slices} {
		if err := c.core.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return nil, err
		}
	}
	kind := discoveryv1.SchemeGroupVersion.WithKind("EndpointSlice")
	wanted := map[string]*discoveryv1.EndpointSlice{}
	for i := range services.Items {
		s := &services.Items[i]
		if len(s.Spec.Selector) > 0 {
			slice := endpointSlice(s, pods.Items)
			wanted[slice.Name] = slice
		}
	}
	var out []change
	for i := range slices.Items {
		have := &slices.Items[i]
		if have.Labels[discoveryv1.LabelManagedBy] != controllerName {
			continue
		}
		key := client.ObjectKeyFromObject(have)
		want, ok := wanted[have.Name]
		if !ok {
			if err := c.core.Delete(ctx, have); err != nil {
				return nil, err
			}
			out = append(out, change{kind, key})
			continue
		}
		delete(wanted, have.Name)
		if fmt.Sprint(have.Endpoints, have.Ports) == fmt.Sprint(want.Endpoints, want.Ports) {
			continue
		}
		have.Endpoints, have.Ports = want.Endpoints, want.Ports
		if err := c.core.Update(ctx, have); err != nil {
			return nil, err
		}
		out = append(out, change{kind, key})
	}
	for _, slice := range wanted {
		if err := c.core.Create(ctx, slice); err != nil {
			return nil, err
		}
		out = append(out, change{kind, client.ObjectKeyFromObject(slice)})
	}
	return out, nil
}

const controllerName = "endpointslice-controller.k8s.io"

func endpointSlice(s *corev1.Service, pods []corev1.Pod) *discoveryv1.EndpointSlice {
	yes, no := true, false
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.Namespace, Name: s.Name + "-slice", UID: uuid.NewUUID(),
			Labels: map[string]string{discoveryv1.LabelServiceName: s.Name, discoveryv1.LabelManagedBy: controllerName},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	selector := labels.SelectorFromSet(s.Spec.Selector)
	var first *corev1.Pod
	for i := range pods {
		p := &pods[i]
		if !selector.Matches(labels.Set(p.Labels)) {
			continue
		}
		if first == nil {
			first = p
		}
		node := p.Spec.NodeName
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{p.Status.PodIP},
			NodeName:   &node,
			Conditions: discoveryv1.EndpointConditions{Ready: &yes, Serving: &yes, Terminating: &no},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: p.Namespace, Name: p.Name, UID: types.UID(p.UID)},
		})
	}
	for _, p := range s.Spec.Ports {
		name, protocol, port := p.Name, p.Protocol, targetPort(p, first)
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &name, Protocol: &protocol, Port: &port, AppProtocol: p.AppProtocol})
	}
	return slice
}

// targetPort is the number of the port that a pod listens on; a name is looked up in its containers.
func targetPort(p corev1.ServicePort, pod *corev1.Pod) int32 {
	if p.TargetPort.Type == intstr.Int {
		if p.TargetPort.IntVal != 0 {
			return p.TargetPort.IntVal
		}
		return p.Port
	}
	if pod != nil {
		for _, container := range pod.Spec.Containers {
			for _, cp := range container.Ports {
				if cp.Name == p.TargetPort.StrVal {
					return cp.ContainerPort
				}
			}
		}
	}
	return p.Port
}
