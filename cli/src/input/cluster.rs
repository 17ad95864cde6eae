//! Objects of a cluster, by running kubectl: the command itself is no client.

use gwapi::meta::{EXPERIMENTS_GROUP, GROUP};
use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
    str,
};

/// The kinds beside those of the Gateway API that it refers to.
const OTHERS: [&str; 6] = [
    "configmaps",
    "endpointslices.discovery.k8s.io",
    "namespaces",
    "secrets",
    "serviceimports.multicluster.x-k8s.io",
    "services",
];

/// The objects of a cluster that matter, as a YAML stream, and what could not be read of it.
pub(super) fn read(context: &str) -> Result<(Vec<u8>, Vec<String>), String> {
    let list = kubectl(context, &["api-resources", "--verbs=list", "-o", "name"])?;
    let list = String::from_utf8_lossy(&list);
    let there: BTreeSet<&str> = list.lines().map(str::trim).collect();
    let is_ours = |name: &str| {
        let group = name.split_once('.').map(|(_, group)| group);
        group == Some(GROUP) || group == Some(EXPERIMENTS_GROUP)
    };
    let ours: Vec<&str> = there.iter().copied().filter(|name| is_ours(name)).collect();
    if ours.is_empty() {
        return Err("the cluster has no CustomResourceDefinitions of the Gateway API".to_owned());
    }
    let others = OTHERS.into_iter().filter(|name| there.contains(name));
    let (mut stream, mut failed) = (Vec::new(), Vec::new());
    // The definitions say of which release they are.
    let mut all: Vec<Vec<&str>> = vec![["get", "customresourcedefinitions", "-o", "yaml"].to_vec()];
    if let Some(first) = all.first_mut() {
        first.splice(2..2, ours.iter().copied());
    }
    all.extend(
        ours.iter()
            .copied()
            .chain(others)
            .map(|kind| vec!["get", kind, "-A", "-o", "yaml"]),
    );
    for arguments in all {
        match kubectl(context, &arguments) {
            Ok(text) => {
                stream.extend_from_slice(b"---\n");
                stream.extend_from_slice(&text);
                stream.push(b'\n');
            }
            Err(error) => failed.push(error),
        }
    }
    Ok((stream, failed))
}

/// What kubectl prints for these arguments.
fn kubectl(context: &str, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let ran = Command::new("kubectl")
        .arg(format!("--context={context}"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("kubectl cannot be run: {error}"))?;
    if ran.status.success() {
        return Ok(ran.stdout);
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    let said = said.lines().next().unwrap_or("it failed and said nothing");
    Err(format!("kubectl {}: {said}", arguments.join(" ")))
}
