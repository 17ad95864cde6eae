//! A folder of a GitOps repository passes as it stands, and of mistakes that are planted in it each is named and nothing else.

use crate::support::{Folder, gwapi};
use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/gitops");

/// A copy of the repository, which goes away with it.
struct Copied(PathBuf);

impl Copied {
    fn new(name: &str) -> Self {
        let to = env::temp_dir().join(format!("gwapi-gitops-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&to);
        copy(Path::new(REPOSITORY), &to);
        Self(fs::canonicalize(to).unwrap())
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    /// Writes one text in the place of another, which has to be there.
    fn change(&self, file: &str, from: &str, to: &str) {
        let path = self.0.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}

fn findings(folder: &str, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let output = gwapi(
        &[&["validate", folder, "-o", "json"], arguments].concat(),
        "",
    );
    (
        output.status.code(),
        serde_json::from_slice(&output.stdout).unwrap(),
    )
}

const VARS: [&str; 2] = ["--var", "DOMAIN=prod.example"];

#[test]
fn the_repository_passes_as_it_stands() {
    let copied = Copied::new("clean");
    let output = gwapi(&[&["validate", copied.path()], &VARS[..]].concat(), "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        "14 objects, 4 of the Gateway API: nothing to complain of"
    );
    assert_eq!(
        lines[1],
        "passed over, no Kubernetes objects: 11 documents, 2 patches of kustomizations, 1 Helm template (render them \
         first: `helm template CHART | gwapi validate -`)"
    );
}

#[test]
fn without_values_placeholders_are_one_warning_for_each_file() {
    let copied = Copied::new("open");
    let (code, found) = findings(copied.path(), &[]);
    assert_eq!(code, Some(0), "{found:?}");
    let rules: Vec<_> = found
        .iter()
        .map(|one| one["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["input/placeholder"; 2], "{found:?}");
    assert_eq!(
        found[0]["message"],
        "`${DOMAIN}` has no value: fields with such placeholders are not judged"
    );
    let file = found[0]["file"].as_str().unwrap();
    assert!(file.ends_with("apps/base/shop/route.yaml"), "{file}");
}

/// What SOPS has encrypted nobody can judge; where SOPS says nothing of it, it is a value like any other.
#[test]
fn what_sops_has_encrypted_is_not_judged() {
    let copied = Copied::new("sops");
    let file = "infrastructure/gateway/legacy.sops.yaml";
    let alone = format!("{}/{file}", copied.path());
    assert_eq!(findings(&alone, &VARS), (Some(0), Vec::new()));
    copied.change(file, "sops:", "spos:");
    let (code, found) = findings(&alone, &VARS);
    assert_eq!(code, Some(1));
    assert_eq!(found[0]["rule"], "manifest/unreadable", "{found:#?}");
}

#[test]
fn a_configuration_of_a_tool_that_is_named_itself_is_no_object() {
    let file = Path::new(REPOSITORY).join("clusters/tools.yaml");
    let (code, found) = findings(file.to_str().unwrap(), &[]);
    assert_eq!(code, Some(1));
    assert_eq!(found.len(), 4, "{found:#?}");
}

/// Ten places that have nothing to do with each other, a mistake in each: the file, what stands there, the mistake, and the rule and
/// line that name it.
const MISTAKES: [(&str, &str, &str, &str, u64); 10] = [
    (
        "infrastructure/gateway/gateway.yaml",
        "gatewayClassName: envoy",
        "gatewayClassName: envoi",
        "Gateway/class-exists",
        6,
    ),
    (
        "infrastructure/gateway/gateway.yaml",
        "scheme: https",
        "scheme: htps",
        "schema/enum",
        34,
    ),
    (
        "apps/base/shop/route.yaml",
        "type: PathPrefix, value: / }",
        "type: PathPrefx, value: / }",
        "schema/enum",
        19,
    ),
    (
        "infrastructure/gateway/certificate.yaml",
        "secretName: wildcard-tls",
        "secretName: wildcard",
        "SecretObjectReference/certificate-exists",
        22,
    ),
    (
        "infrastructure/gateway/gateway.yaml",
        "parentRefs: [{ name: external",
        "parentRefs: [{ name: externl",
        "ParentReference/parent-exists",
        30,
    ),
    (
        "apps/base/shop/route.yaml",
        "sectionName: https",
        "sectionName: htps",
        "ParentReference/listener-exists",
        11,
    ),
    (
        "apps/base/shop/route.yaml",
        "hostnames: [",
        "hostname: [",
        "schema/unknown-field",
        7,
    ),
    (
        "apps/base/shop/route.yaml",
        "- name: cart",
        "- name: kart",
        "BackendReference/backend-exists",
        21,
    ),
    (
        "apps/base/shop/route.yaml",
        "value: /till",
        "value: till",
        "HTTPPathMatch/",
        14,
    ),
    (
        "apps/base/shop/service.yaml",
        "      port: 80\n",
        "      port: 8080\n",
        "BackendReference/port-exists",
        17,
    ),
];

#[test]
fn each_of_ten_mistakes_is_named_and_nothing_else() {
    for (index, (file, from, to, rule, line)) in MISTAKES.into_iter().enumerate() {
        let copied = Copied::new(&format!("one-{index}"));
        copied.change(file, from, to);
        let (_, found) = findings(copied.path(), &VARS);
        assert!(!found.is_empty(), "{to}");
        let one = found
            .iter()
            .find(|one| one["rule"].as_str().unwrap().starts_with(rule));
        let Some(one) = one else {
            panic!("{to}: {found:#?}");
        };
        assert_eq!(one["line"], line, "{to}: {found:#?}");
        assert_eq!(found.len(), 1, "{to}: {found:#?}");
    }
}

#[test]
fn ten_mistakes_at_once_are_all_named_and_nothing_else() {
    let copied = Copied::new("all");
    for (file, from, to, ..) in MISTAKES {
        copied.change(file, from, to);
    }
    let (code, found) = findings(copied.path(), &VARS);
    assert_eq!(code, Some(1));
    for (.., to, rule, line) in MISTAKES {
        let named = found
            .iter()
            .filter(|one| one["rule"].as_str().unwrap().starts_with(rule) && one["line"] == line);
        assert_eq!(named.count(), 1, "{to}: {found:#?}");
    }
    assert_eq!(found.len(), MISTAKES.len(), "{found:#?}");
}

/// What a mistake leaves out is not told again by each object that refers to it.
#[test]
fn a_mistake_that_leaves_an_object_out_is_named_and_nothing_that_follows_from_it() {
    let folder = "infrastructure/gateway";
    for (name, file, from, to, rule) in [
        (
            "from",
            "gateway.yaml",
            "from: Same",
            "from: Smae",
            "schema/enum",
        ),
        (
            "protocol",
            "gateway.yaml",
            "protocol: HTTPS",
            "protocol: HTTP",
            "Listeners/no-tls-without-encryption",
        ),
        (
            "controller",
            "class.yaml",
            "gateway.envoyproxy.io/",
            "gateway.envoyproxy.io ",
            "schema/pattern",
        ),
    ] {
        let copied = Copied::new(name);
        copied.change(&format!("{folder}/{file}"), from, to);
        let (code, found) = findings(copied.path(), &VARS);
        let rules: Vec<_> = found
            .iter()
            .map(|one| one["rule"].as_str().unwrap())
            .collect();
        assert_eq!((code, rules), (Some(1), vec![rule]), "{found:#?}");
        // Who does not want to hear of the error hears of what follows from it.
        let allowed = [&VARS[..], &["--allow", rule]].concat();
        assert_ne!(findings(copied.path(), &allowed).1, [Value::Null; 0]);
    }
}

#[test]
fn a_resource_of_a_kustomization_that_is_not_there_is_named() {
    let copied = Copied::new("absent");
    copied.change(
        "apps/prod/kustomization.yaml",
        "../base/shop",
        "../base/shp",
    );
    let (code, found) = findings(copied.path(), &VARS);
    assert_eq!(code, Some(0), "{found:#?}");
    let named = found
        .iter()
        .find(|one| one["rule"] == "input/absent-resource");
    let message = named.unwrap()["message"].as_str().unwrap();
    assert!(message.contains("`../base/shp`"), "{message}");
}

#[test]
fn a_patch_of_a_kustomization_that_is_not_there_is_named() {
    let text = "resources: [a.yaml]\npatches: [{path: remov.yaml}]\n";
    let class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\nspec: {controllerName: a.b/c}\n";
    let files = [("kustomization.yaml", text), ("a.yaml", class)];
    let folder = Folder::new("absent-patch", &files);
    let (_, text) = folder.run(&["validate", "."]);
    assert!(text.contains("`remov.yaml`"), "{text}");
    assert!(text.contains("[input/absent-resource]"), "{text}");
}

/// A name that is nearly that of an object is named though a mistake of its own leaves that object out.
#[test]
fn a_misspelt_name_is_named_beside_the_mistake_in_the_object_that_is_meant() {
    let copied = Copied::new("class");
    let folder = "infrastructure/gateway";
    copied.change(
        &format!("{folder}/class.yaml"),
        "gateway.envoyproxy.io/",
        "gateway.envoyproxy.io ",
    );
    copied.change(
        &format!("{folder}/gateway.yaml"),
        "gatewayClassName: envoy",
        "gatewayClassName: envoi",
    );
    let (_, found) = findings(copied.path(), &VARS);
    let rules: Vec<_> = found
        .iter()
        .map(|one| one["rule"].as_str().unwrap())
        .collect();
    assert_eq!(
        rules,
        ["schema/pattern", "Gateway/class-exists"],
        "{found:#?}"
    );
    assert_eq!(found[1]["help"], "did you mean GatewayClass `envoy`?");
}

/// Two clusters that are described beside each other, each with its own Gateway of one name.
#[test]
fn folders_for_clusters_of_their_own_are_judged_each_by_itself() {
    let cluster = |name: &str, section: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: external, namespace: net}}\n\
             spec: {{gatewayClassName: x, listeners: [{{name: {name}, port: 80, protocol: HTTP, allowedRoutes: {{namespaces: {{from: All}}}}}}]}}\n---\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: only-{name}, namespace: shop}}\n\
             spec: {{parentRefs: [{{name: external, namespace: net, sectionName: {section}}}], rules: [{{backendRefs: [{{name: s, port: 80}}]}}]}}\n"
        )
    };
    let base = "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {ports: [{port: 80}]}\n";
    let found = |name: &str, dev: &str, prod: &str| {
        let files = [
            ("base/s.yaml", base),
            ("clusters/dev/all.yaml", dev),
            ("clusters/prod/all.yaml", prod),
        ];
        let folder = Folder::new(name, &files);
        let (code, found) = findings(folder.0.to_str().unwrap(), &[]);
        assert_eq!(code, Some(0), "{found:#?}");
        let rules = found
            .iter()
            .map(|one| one["rule"].as_str().unwrap().to_owned());
        rules.collect::<Vec<_>>()
    };
    let (dev, prod) = (cluster("dev", "dev"), cluster("prod", "prod"));
    assert_eq!(found("clusters", &dev, &prod), ["Object/given-once"]);
    // What is wrong in one of them is told.
    let wrong = cluster("prod", "dev");
    let both = ["Object/given-once", "ParentReference/listener-exists"];
    assert_eq!(found("clusters-wrong", &dev, &wrong), both);
    let everywhere = prod.replace("name: s, port: 80", "name: s, port: 81");
    let both = ["Object/given-once", "BackendReference/port-exists"];
    assert_eq!(found("clusters-port", &dev, &everywhere), both);
}
