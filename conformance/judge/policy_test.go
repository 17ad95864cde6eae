package judge

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/cel-go/common/types"
	admissionregistration "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"

	"gwapi/conformance/judge/internal/upstream"
	"gwapi/conformance/shared/gwapi"
)

// policy is an admission policy as the API server compiles it.
type policy struct{ conditions cel.ConditionEvaluator }

// policyOf finds the admission policy in a stream; nil where there is none.
func policyOf(stream []byte) (*policy, error) {
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(stream)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		var found admissionregistration.ValidatingAdmissionPolicy
		if !bytes.Contains(document, []byte("kind: ValidatingAdmissionPolicy\n")) {
			continue
		}
		if err := yaml.Unmarshal(document, &found); err != nil {
			return nil, err
		}
		compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
		if err != nil {
			return nil, err
		}
		var expressions []cel.ExpressionAccessor
		for _, v := range found.Spec.Validations {
			expressions = append(expressions, &validating.ValidationCondition{Expression: v.Expression})
		}
		out := &policy{compiler.CompileCondition(expressions, cel.OptionalVariableDeclarations{HasAuthorizer: true}, environment.StoredExpressions)}
		return out, errors.Join(out.conditions.CompilationErrors()...)
	}
}

var (
	crdKind     = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}
	crdResource = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

// refused tells which conditions of a policy a CRD breaks that takes the place of an old one (nil: of none).
func (p *policy) refused(object, old *unstructured.Unstructured) (string, error) {
	operation, before := admission.Create, runtime.Object(nil)
	if old != nil {
		operation, before = admission.Update, old
	}
	attributes := admission.NewAttributesRecord(object, before, crdKind, "", object.GetName(), crdResource, "", operation, nil, false, nil)
	versioned := &admission.VersionedAttributes{Attributes: attributes, VersionedKind: crdKind, VersionedObject: object, VersionedOldObject: before}
	request := cel.CreateAdmissionRequest(attributes, metav1.GroupVersionResource(crdResource), metav1.GroupVersionKind(crdKind))
	results, _, err := p.conditions.ForInput(context.Background(), versioned, request, cel.OptionalVariableBindings{}, nil, celconfig.RuntimeCELCostBudget)
	if err != nil {
		return "", err
	}
	var out []string
	for i, r := range results {
		if r.Error != nil {
			return "", fmt.Errorf("condition %d: %w", i, r.Error)
		}
		if r.EvalResult != types.True {
			out = append(out, fmt.Sprint(i))
		}
	}
	return strings.Join(out, " "), nil
}

// definition is a CRD with these annotations, of which the empty ones are not there.
func definition(group, version, channel string) *unstructured.Unstructured {
	annotations := map[string]string{}
	for key, value := range map[string]string{"bundle-version": version, "channel": channel} {
		if value != "" {
			annotations["gateway.networking.k8s.io/"+key] = value
		}
	}
	out := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"group": group}}}
	out.SetGroupVersionKind(crdKind)
	out.SetName("things." + group)
	if len(annotations) > 0 {
		out.SetAnnotations(annotations)
	}
	return out
}

// policies holds the admission policy of every release and channel against that of gwapi: CRDs of either channel, of all
// releases and of versions that are none, over CRDs of either channel and over none.
func (j *judge) policies(t *testing.T, releases []upstream.Release) {
	versions := []string{"", "main", "v0.0.0-dev", "v0.8.1", "v1.4.0-rc.2", "v1.5.0-dev", "v1.6.0-rc.1", "v1.8.0", "v1.8.0-rc.1", "v1.10.0", "v2.0.0"}
	for _, r := range releases {
		versions = append(versions, r.Name)
	}
	const group = "gateway.networking.k8s.io"
	marks := []string{"", "standard", "experimental", "other"}
	compared, refusals := 0, map[string]int{}
	for _, r := range releases {
		for _, channel := range channels {
			stream, err := r.Policies(channel)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := policyOf(stream)
			if err != nil {
				t.Fatalf("%s %s: the policy of the release: %v", r.Name, channel, err)
			}
			release, err := gwapi.Open(j.binary, r.Name, channel)
			if err != nil {
				fmt.Printf("judge %s %s: gwapi does not know the release\n", r.Name, channel)
				continue
			}
			if stream, err = release.CRDs(channel); err != nil {
				t.Fatal(err)
			}
			ours, err := policyOf(stream)
			if err != nil {
				t.Fatalf("%s %s: the policy of gwapi: %v", r.Name, channel, err)
			}
			if (ours == nil) != (theirs == nil) {
				t.Errorf("%s %s: a policy of the release: %v, of gwapi: %v", r.Name, channel, theirs != nil, ours != nil)
			}
			if ours == nil || theirs == nil {
				continue
			}
			for _, g := range []string{group, "gateway.networking.x-k8s.io", "example.com"} {
				for _, version := range versions {
					for _, mark := range marks {
						object := definition(g, version, mark)
						olds := []*unstructured.Unstructured{nil}
						for _, mark := range marks {
							olds = append(olds, definition(g, "v1.5.0", mark))
						}
						for _, old := range olds {
							a, err := ours.refused(object, old)
							if err != nil {
								t.Fatal(err)
							}
							b, err := theirs.refused(object, old)
							if err != nil {
								t.Fatal(err)
							}
							if a != b {
								t.Errorf("%s %s: %v over %v: our policy refuses by [%s], that of the release by [%s]", r.Name, channel, object.Object, old, a, b)
							}
							compared++
							refusals[b]++
						}
					}
				}
			}
			// What the policy is for.
			check := func(what, wanted string, object, old *unstructured.Unstructured) {
				if got, err := ours.refused(object, old); err != nil || got != wanted {
					t.Errorf("%s %s: %s: refused by [%s] (%v), expected [%s]", r.Name, channel, what, got, err, wanted)
				}
			}
			standard, experimental := definition(group, r.Name, "standard"), definition(group, r.Name, "experimental")
			check("experimental over standard", "0", experimental, standard)
			check("standard over experimental", "", standard, experimental)
			check("experimental over experimental", "", experimental, experimental)
			check("the release itself", "", standard, nil)
			check("an older release", "1", definition(group, "v1.4.1", "standard"), standard)
			check("a much older release", "1", definition(group, "v0.8.0", "standard"), nil)
		}
	}
	fmt.Printf("judge policies: %d CRDs, refused by condition: %v\n", compared, refusals)
}
