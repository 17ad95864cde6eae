//! `gwapi convert` on a backup: what comes out, and with which exit code.

use crate::support::{gwapi, newest};
use serde_json::Value;

/// The path of a fixture of conversions.
pub(crate) fn fixture(name: &str) -> String {
    format!(
        "{}/../tests/fixtures/conversion/{name}",
        env!("CARGO_MANIFEST_DIR")
    )
}

#[test]
fn a_backup_comes_out_as_written_down_and_names_what_stayed_behind() {
    let output = gwapi(&["convert", "-f", &fixture("backup.yaml")], b"");
    let expected = std::fs::read_to_string(fixture("backup.expected.yaml")).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    for part in [
        "backup.yaml:44:18: BackendTLSPolicy shop/bank: spec.targetRef.namespace: ",
        "[conversion/other-namespace]",
        "converted 2 of 3 objects",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// What differs in a few keys is edited where it stands: comments, order, layout, anchors and the ends of lines stay.
#[test]
fn manifests_take_the_forms_of_a_release_and_keep_their_comments_and_layout() {
    let convert = |text: &str| gwapi(&["convert", "-f", "-", "--release", "v1.7.0"], text);
    let text = std::fs::read_to_string(fixture("commented.yaml")).unwrap();
    let expected = std::fs::read_to_string(fixture("commented.expected.yaml")).unwrap();
    for (text, expected) in [
        (text.clone(), expected.clone()),
        (text.replace('\n', "\r\n"), expected.replace('\n', "\r\n")),
        (format!("\u{feff}{text}"), format!("\u{feff}{expected}")),
    ] {
        let output = convert(&text);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
        assert_eq!(output.status.code(), Some(0));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said, "converted 3 of 3 objects of the Gateway API\n");
        let again = convert(&expected);
        assert_eq!(String::from_utf8(again.stdout).unwrap(), expected);
    }
}

/// A setting that stands elsewhere in the release takes its comments along; one that has no place any more is named.
#[test]
fn comments_move_with_their_setting_or_are_named() {
    let text = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec:\n  gatewayClassName: c\n  \
        # above\n  backendTLS: # behind\n    # inside\n    clientCertificateRef: {name: d} # of d\n  listeners:\n  \
        - {name: a, port: 80, protocol: HTTP}\n";
    let output = gwapi(&["convert", "-f", "-", "--release", "v1.4.0"], text);
    let written = String::from_utf8(output.stdout).unwrap();
    let moved = "  tls:\n    # above\n    backend: # behind\n      # inside\n      clientCertificateRef: {name: d} # of d\n";
    assert!(written.ends_with(moved), "{written}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "converted 1 of 1 object of the Gateway API\n");

    let served = text.replace(
        "metadata: {name: a}",
        "metadata:\n  name: a\n  uid: '1' # from the server",
    );
    let output = gwapi(&["convert", "-f", "-", "--release", "v1.4.0"], &served);
    let said = String::from_utf8(output.stderr).unwrap();
    let note = "warning: <stdin>:5: the comment `# from the server` has no place in the new form and is left out\n";
    assert!(said.starts_with(note), "{said}");
}

/// What a plan writes back is what the conversion changes, and no other object.
#[test]
fn what_is_not_converted_can_be_left_out() {
    let convert = |text: &str| {
        let arguments = [
            "convert",
            "-f",
            "-",
            "--only-converted",
            "--release",
            "v1.4.0",
        ];
        let output = gwapi(&arguments, text);
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let gateway = |name: &str, more: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: {name}, uid: '1'}}\nspec:\n  gatewayClassName: c\n  \
             listeners: [{{name: a, port: 80, protocol: HTTP}}]\n{more}"
        )
    };
    let old = "  # whose\n  backendTLS: {clientCertificateRef: {name: d}}\n";
    let refused = format!("{old}  tls: {{backend: {{clientCertificateRef: {{name: e}}}}}}\n");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n";
    let all = [
        service.to_owned(),
        gateway("plain", ""),
        gateway("old", old),
        gateway("both", &refused),
    ];
    let (exit, written, said) = convert(&all.join("---\n"));
    assert_eq!(exit, Some(1));
    assert_eq!(
        written,
        String::from("---\n")
            + &gateway(
                "old",
                "  tls:\n    # whose\n    backend: {clientCertificateRef: {name: d}}\n"
            )
            .replace(", uid: '1'", "")
    );
    assert!(said.contains("Gateway both: spec.backendTLS: "), "{said}");
    assert!(said.ends_with("converted 1 of 3 objects of the Gateway API; 1 could not be converted and stay as they were\n"), "{said}");
    // As `kubectl get -o yaml` gives them: one list.
    let items = all.iter().take(3).map(|it| {
        let lines = it.lines().filter(|line| !line.contains('#'));
        let lines: Vec<_> = lines.collect();
        format!("- {}\n", lines.join("\n  "))
    });
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n{}",
        items.collect::<String>()
    );
    let (exit, written, said) = convert(&list);
    assert_eq!(exit, Some(0), "{said}");
    assert_eq!(said, "converted 1 of 2 objects of the Gateway API\n");
    assert!(
        written.contains("name: old") && written.contains("    tls:\n"),
        "{written}"
    );
    assert!(
        !written.contains("plain") && !written.contains("Service"),
        "{written}"
    );
    // Nothing where nothing is.
    assert_eq!(convert(&gateway("plain", "")).1, "");
}

#[test]
fn json_is_edited_where_it_stands() {
    let text = "{\n  \"kind\": \"GatewayClass\",\n  \"apiVersion\": \"gateway.networking.k8s.io/v1beta1\",\n  \
                \"metadata\": { \"uid\": \"1\", \"name\": \"a\" },\n  \"spec\": { \"controllerName\": \"a.example/b\" }\n}\n";
    let output = gwapi(&["convert", "-f", "-", "--release", "v1.4.0"], text);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        text.replace("v1beta1", "v1")
            .replace("\"uid\": \"1\", ", "")
    );
}

/// Where what changes is shared by an anchor, the document is written anew, and that is said.
#[test]
fn a_document_that_cannot_be_edited_is_written_anew_and_named() {
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n# kept\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
        metadata: {name: a}\nspec:\n  gatewayClassName: c\n  backendTLS: &x # lost\n    clientCertificateRef: {name: d}\n  future: *x\n  listeners:\n  \
        - {name: a, port: 80, protocol: HTTP}\n";
    let output = gwapi(&["convert", "-f", "-", "--release", "v1.4.0"], text);
    let written = String::from_utf8(output.stdout).unwrap();
    assert!(
        written.starts_with(
            "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n# kept\napiVersion"
        ),
        "{written}"
    );
    assert!(
        !written.contains("lost") && written.contains("  tls:\n    backend:\n"),
        "{written}"
    );
    let said = String::from_utf8(output.stderr).unwrap();
    let note = "warning: <stdin>:4: the document cannot be edited where it stands and is written anew: comments inside it are lost\n";
    assert!(said.contains(note), "{said}");
}

/// What a release has no form for stays as it was and is an error; what it refuses in a converted object is one, too; what
/// means something else there is a warning, and no finding.
#[test]
fn what_a_release_lacks_refuses_or_means_otherwise_is_said() {
    let convert = |spec: &str, release: &str| {
        let text = format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: a, namespace: b}}\nspec:\n  rules:\n  - {spec}\n"
        );
        let output = gwapi(&["convert", "-f", "-", "--release", release], text);
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (exit, out, said) = convert("name: first", "v1.1.0");
    assert_eq!(exit, Some(1));
    assert!(out.contains("name: first"));
    assert!(
        said.starts_with(
            "error: <stdin>:6:11: HTTPRoute b/a: spec.rules[0].name: v1.1.0 (experimental channel) has no field `name` here: it is there \
             since v1.2.0 in the experimental channel, v1.4.0 in the standard channel [conversion/no-form]\n"
        ),
        "{said}"
    );
    let (exit, _, said) = convert("retry: {attempts: -1}", "v1.7.0");
    assert_eq!(exit, Some(1));
    assert!(
        said.contains(
            "spec.rules[0].retry.attempts: the experimental channel of v1.7.0 refuses the object: "
        ),
        "{said}"
    );
    let (exit, out, said) = convert("sessionPersistence: {sessionName: s}", "v1.7.0");
    assert_eq!(exit, Some(0));
    assert!(
        out.contains("  - sessionPersistence: {cookie: {name: s}}\n"),
        "{out}"
    );
    assert!(
        said.starts_with(
            "warning: <stdin>:6:25: HTTPRoute b/a: spec.rules[0].sessionPersistence.cookie: "
        ),
        "{said}"
    );
    assert!(said.contains("[conversion/cookie-path]"), "{said}");
}

/// `convert`, `upgrade-check` and `validate` say the same of an object of the group's former name.
#[test]
fn an_object_of_the_groups_former_name_is_not_passed_over() {
    let text = "apiVersion: networking.x-k8s.io/v1alpha1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec: {}\n";
    let cause = "is the name that the group had before it became `gateway.networking.k8s.io`";
    for command in [
        &["convert", "--release", "v1.7.0"][..],
        &["convert"],
        &["upgrade-check", "--to", "v1.7.0"],
        &["validate"],
    ] {
        let output = gwapi(&[command, &["-f", "-"]].concat(), text);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let written = String::from_utf8(output.stdout).unwrap();
        let said = written.clone() + &String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(cause), "{said}");
        if command[0] == "convert" {
            assert_eq!(written, text);
            assert!(said.contains("converted 0 of 1 object"), "{said}");
        }
    }
}

/// Listeners of a ListenerSet have no `frontendValidation` since v1.4.0: what the parent Gateway has instead is said, and nothing that
/// the release lacks is advised.
#[test]
fn a_check_of_clients_in_a_listener_set_leads_to_the_parent_gateway() {
    let text = "apiVersion: gateway.networking.x-k8s.io/v1alpha1\nkind: XListenerSet\nmetadata: {name: ls, namespace: ns}\n\
        spec:\n  parentRef: {name: gw}\n  listeners:\n  - name: a\n    port: 443\n    protocol: HTTPS\n    tls:\n      \
        certificateRefs: [{name: s}]\n      frontendValidation: {caCertificateRefs: [{name: a, kind: ConfigMap, group: \"\"}]}\n";
    let instead = "use `spec.tls.frontend.perPort.tls.validation` of the parent Gateway, in the entry of the listener's port";
    for release in ["v1.4.0", "v1.5.0", newest()] {
        let output = gwapi(&["convert", "--release", release, "-f", "-"], text);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(instead), "{said}");
        assert!(!said.contains("keep the object as"), "{said}");
    }
}

/// Before v1.4.0 client certificates are checked listener by listener: a Gateway whose check has counted for ListenerSets is named.
#[test]
fn listener_sets_that_lose_the_gateways_check_of_clients_are_said() {
    let gateway = |more: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: gw, namespace: ns}}\nspec:\n  \
             gatewayClassName: c\n  {more}\n  tls: {{frontend: {{default: {{validation: {{caCertificateRefs: \
             [{{name: a, kind: ConfigMap, group: \"\"}}]}}}}}}}}\n  listeners:\n  \
             - {{name: a, port: 443, protocol: HTTPS, tls: {{certificateRefs: [{{name: b}}]}}}}\n"
        )
    };
    for (more, is_said) in [
        ("allowedListeners: {namespaces: {from: Same}}", true),
        ("allowedListeners: {namespaces: {from: None}}", false),
        ("allowedListeners: {}", false),
        ("", false),
    ] {
        let output = gwapi(
            &["convert", "--release", "v1.3.0", "-f", "-"],
            gateway(more),
        );
        let said = String::from_utf8(output.stderr).unwrap();
        let place = "spec.listeners[0].tls.frontendValidation: the check of client certificates is a setting of each listener";
        let rule = "[conversion/client-check-of-listener-sets]";
        assert_eq!(
            said.contains(place) && said.contains(rule),
            is_said,
            "{said}"
        );
        assert_eq!(output.status.code(), Some(0), "{said}");
    }
}

/// What is misspelt is looked for in other releases, too.
#[test]
fn a_misspelt_field_or_value_of_another_release_is_recognised() {
    let text = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: ns}\nspec:\n  \
        parentRefs: [{name: g}]\n  rules: [{filters: [{type: Cors}], sessionPersistense: {}, nothingLikeIt: 1}]\n";
    let output = gwapi(&["validate", "--release", "v1.0.0", "-f", "-"], text);
    let said = String::from_utf8(output.stdout).unwrap();
    for help in [
        "did you mean `sessionPersistence`? (it is there since v1.1.0 in the experimental channel)",
        "did you mean `CORS`? (it is allowed since v1.3.0 in the experimental channel",
        "correct its name or remove it: no release known here has it",
    ] {
        assert!(said.contains(help), "{help}: {said}");
    }
}

#[test]
fn a_release_and_a_version_are_not_asked_for_at_once() {
    let both = gwapi(
        &["convert", "-f", "-", "--release", "v1.7.0", "--to", "v1"],
        "",
    );
    assert_eq!(both.status.code(), Some(2));
    let unknown = gwapi(&["convert", "-f", "-", "--release", "v9.0.0"], "");
    assert_eq!(unknown.status.code(), Some(2));
}

/// Nothing of a document is written in another form of which the command itself says that nobody reads it.
#[test]
fn a_document_that_kubectl_refuses_is_an_error_and_stays_as_it_was() {
    let set = |name: &str, kind: &str, group: &str| {
        format!(
            "apiVersion: {group}\nkind: {kind}\nmetadata: {{name: {name}, namespace: b}}\n\
             spec: {{parentRef: {{name: g}}, listeners: [{{name: w, port: 80, protocol: HTTP}}]}}\n"
        )
    };
    let old = |name| set(name, "XListenerSet", "gateway.networking.x-k8s.io/v1alpha1");
    let new = |name| set(name, "ListenerSet", "gateway.networking.k8s.io/v1");
    for before in ["---\n---#x\n", "---\n...\n", "...\n"] {
        let text = format!("{}{before}{}---\n{}", old("a"), old("c"), old("d"));
        let output = gwapi(&["convert", "--release", "v1.7.0", "-f", "-"], &text);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("[manifest/unreadable]"), "{said}");
        assert!(said.contains("converted 2 of 2 objects"), "{said}");
        let expected = format!("{}{before}{}---\n{}", new("a"), old("c"), new("d"));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }
}

#[test]
fn converting_again_changes_nothing() {
    let expected = std::fs::read(fixture("backup.expected.yaml")).unwrap();
    let output = gwapi(&["convert", "-f", "-"], &expected);
    assert_eq!(output.stdout, expected);
}

#[test]
fn there_and_back_is_the_backup_with_its_metadata_kept() {
    let policy =
        br#"{"apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "BackendTLSPolicy",
        "metadata": {"name": "a", "namespace": "b", "uid": "1"},
        "spec": {"targetRef": {"group": "", "kind": "Service", "name": "c"},
            "tls": {"hostname": "c.example", "wellKnownCACerts": "System"}},
        "status": {"ancestors": []}}"#;
    let there = gwapi(
        &["convert", "-f", "-", "--keep-metadata", "-o", "json"],
        policy,
    );
    assert_eq!(there.status.code(), Some(0));
    let new: Value = serde_json::from_slice(&there.stdout).unwrap();
    assert_eq!(new["apiVersion"], "gateway.networking.k8s.io/v1alpha3");
    let back = [
        "convert",
        "-f",
        "-",
        "--keep-metadata",
        "--to",
        "v1alpha2",
        "-o",
        "json",
    ];
    let back = gwapi(&back, &there.stdout);
    let old: Value = serde_json::from_slice(&back.stdout).unwrap();
    assert_eq!(old, serde_json::from_slice::<Value>(policy).unwrap());
}

#[test]
fn a_document_that_cannot_be_read_passes_through_and_is_a_finding() {
    let text = b"a: [\n---\napiVersion: gateway.networking.k8s.io/v1alpha2\nkind: GRPCRoute\nmetadata:\n  name: b\n";
    let output = gwapi(&["convert", "-f", "-"], text);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "a: [\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata:\n  name: b\n"
    );
}

#[test]
fn a_broken_object_is_named_though_its_version_stays_and_the_others_are_converted() {
    let text = b"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
        metadata: {name: sound, uid: 1-2}\nspec: {}\n---\n\
        apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:   {name: broken, uid: 3-4}\n\
        spec:\n  rules:\n  - backendRefs: [{name: a, port: http}]\n---\n\
        apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: 7}\n";
    let output = gwapi(&["convert", "-f", "-"], text);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with(
            "error: <stdin>:11:35: HTTPRoute broken: spec.rules[0].backendRefs[0].port: expected an integer, \
             found the text `http` [conversion/unreadable]\n"
        ),
        "{said}"
    );
    assert!(
        said.contains("1 could not be converted and stay as they were"),
        "{said}"
    );
    // The sound one loses what the server had set; the broken one and the Service keep every byte.
    let (_, kept) = std::str::from_utf8(text)
        .unwrap()
        .split_once("---")
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: sound}}\nspec: {{}}\n---{kept}"
        )
    );
}

#[test]
fn a_version_that_no_kind_has_and_a_file_that_is_not_there_are_failures() {
    let unknown = gwapi(
        &["convert", "-f", &fixture("backup.yaml"), "--to", "v7"],
        b"",
    );
    assert_eq!(unknown.status.code(), Some(2));
    let missing = gwapi(&["convert", "-f", "no/such/file.yaml"], b"");
    assert_eq!(missing.status.code(), Some(2));
    let missing = gwapi(&["upgrade-check", "-f", "no/such/file.yaml"], b"");
    assert_eq!(missing.status.code(), Some(2));
}

/// Nothing is silent: what leads to nothing in the wanted release is an error, though a server takes it.
#[test]
fn a_reference_to_a_kind_that_the_release_does_not_have_is_an_error() {
    let text = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec:\n  parentRefs:\n  \
                - name: b\n    kind: ListenerSet\n";
    let convert = |release: &str| {
        let output = gwapi(&["convert", "--release", release, "-f", "-"], text);
        let said = String::from_utf8(output.stderr).unwrap();
        (
            output.status.code(),
            said,
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (exit, said, written) = convert("v1.1.0");
    assert_eq!((exit, written.as_str()), (Some(1), text));
    for part in [
        "error: <stdin>:7:11: HTTPRoute a: spec.parentRefs[0].kind: the experimental channel of v1.1.0 has no ListenerSet: the \
         reference leads to nothing [conversion/reference-to-absent-kind]\n",
        "`v1`: it is there since v1.5.0",
    ] {
        assert!(said.contains(part), "{part}\nin\n{said}");
    }
    // Where another kind is there in its place the reference leads to that.
    let (exit, said, written) = convert("v1.4.0");
    assert_eq!(exit, Some(0), "{said}");
    assert!(written.contains("kind: XListenerSet"), "{written}");
    assert_eq!(convert("v1.5.0").0, Some(0));
}

/// A version that nobody knows is no kind that nobody knows.
#[test]
fn an_unknown_version_of_a_kind_is_an_error_that_names_the_versions() {
    let text =
        "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: HTTPRoute\nmetadata: {name: a}\n";
    for arguments in [["--release", "v1.1.0"], ["--to", "v1"]] {
        let output = gwapi(
            &[&["convert", "-f", "-"], arguments.as_slice()].concat(),
            text,
        );
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        let right =
            "write it in `gateway.networking.k8s.io/v1` or `gateway.networking.k8s.io/v1beta1`";
        assert!(said.contains(right), "{said}");
    }
}

/// Which of two objects of one name is applied last replaces the other: both are named.
#[test]
fn objects_that_become_one_are_named_in_either_order_and_over_files() {
    let named = |kind: &str, api_version: &str| {
        format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a, namespace: b}}\nspec:\n  parentRef: {{name: g}}\n  listeners:\n  \
             - {{name: web, port: 80, protocol: HTTP}}\n"
        )
    };
    let old = named("XListenerSet", "gateway.networking.x-k8s.io/v1alpha1");
    let new = named("ListenerSet", "gateway.networking.k8s.io/v1");
    let convert = |text: &str| gwapi(&["convert", "-f", "-", "--release", "v1.7.0"], text);
    for (first, second, names) in [
        (
            &old,
            &new,
            ["<stdin>:11:18: ListenerSet b/a", "XListenerSet b/a of"],
        ),
        (
            &new,
            &old,
            ["<stdin>:11:18: XListenerSet b/a", "ListenerSet b/a of"],
        ),
    ] {
        let output = convert(&format!("{first}---\n{second}"));
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("[conversion/same-name]"), "{said}");
        for name in names {
            assert!(said.contains(name), "{name} in {said}");
        }
    }
    let other = new.replace("namespace: b", "namespace: c");
    let output = convert(&format!("{old}---\n{other}"));
    assert_eq!(output.status.code(), Some(0));
}
