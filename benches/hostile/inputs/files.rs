//! Folders of many files.

use super::{gateway, lines, route, service};
use serde_json::json;
use std::{fmt::Write as _, fs, path::Path};

/// A repository as people keep it for a cluster, of which a small part concerns the Gateway API. Returns its size.
pub(crate) fn repository(folder: &Path, count: usize) -> usize {
    let mut size = 0;
    for n in 0..count {
        let team = folder.join(format!("team-{}", n % 50));
        fs::create_dir_all(&team).unwrap();
        let mut text = String::new();
        match n % 20 {
            0 => {
                let spec = json!({
                    "parentRefs": [{"name": "g", "namespace": "infra"}], "hostnames": [format!("a{n}.example.com")],
                    "rules": [{"backendRefs": [{"name": format!("s{n}"), "port": 80}]}],
                });
                write!(
                    text,
                    "# The route of a{n}\n{}---\n{}",
                    lines([route(&format!("r{n}"), spec)]),
                    lines([service(&format!("s{n}"))])
                )
                .unwrap();
            }
            1..=4 => {
                write!(
                    text,
                    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c{n}\n  namespace: team\ndata:\n  dashboard.json: |\n"
                )
                .unwrap();
                for panel in 0..160 {
                    writeln!(
                        text,
                        "    {{\"panel\": {panel}, \"title\": \"requests a second of a{n}\"}},"
                    )
                    .unwrap();
                }
            }
            5..=7 => {
                write!(text, "image:\n  repository: registry.example.com/a{n}\n").unwrap();
                for value in 0..160 {
                    writeln!(
                        text,
                        "value{value}:\n  enabled: true # as in the chart\n  size: {value}"
                    )
                    .unwrap();
                }
            }
            8 => {
                write!(
                    text,
                    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- a.yaml\n"
                )
                .unwrap();
            }
            _ => {
                write!(
                    text,
                    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d{n}\n  namespace: team\nspec:\n  template:\n    \
                     spec:\n      containers:\n"
                )
                .unwrap();
                for container in 0..100 {
                    writeln!(
                        text,
                        "      - name: c{container}\n        image: registry.example.com/a/b:{n}"
                    )
                    .unwrap();
                }
            }
        }
        size += text.len();
        fs::write(team.join(format!("{n}.yaml")), text).expect("a file");
    }
    let listener = json!({
        "name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}},
    });
    let mut infra = gateway("g", vec![listener]);
    infra["metadata"]["namespace"] = json!("infra");
    fs::write(folder.join("gateway.yaml"), lines([infra])).expect("a file");
    size
}

/// Files of which none can be read.
pub(crate) fn broken_files(folder: &Path, count: usize) -> usize {
    fs::create_dir_all(folder).unwrap();
    let text = "kind: [\n---\n{\"kind\": }\n---\nkind: A\nkind: B\n";
    for n in 0..count {
        fs::write(folder.join(format!("{n}.yaml")), text).expect("a file");
    }
    count * text.len()
}

/// Kustomizations of which each names the next two, twice, and the last one all over again.
pub(crate) fn kustomizations(folder: &Path, count: usize) -> usize {
    let mut size = 0;
    for n in 0..count {
        let own = folder.join(n.to_string());
        fs::create_dir_all(&own).unwrap();
        let text = match n + 1 == count {
            true => "resources: [../0, ../0, route.yaml]\n".to_owned(),
            false => format!(
                "resources: [../{0}, ../{0}, ../{1}, route.yaml]\n",
                n + 1,
                (n + 2).min(count - 1)
            ),
        };
        let route = lines([route(&format!("r{n}"), json!({"spek": 1}))]);
        size += text.len() + route.len();
        fs::write(own.join("kustomization.yaml"), text).unwrap();
        fs::write(own.join("route.yaml"), route).unwrap();
    }
    size
}
