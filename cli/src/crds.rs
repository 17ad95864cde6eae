//! `gwapi crds`: the CustomResourceDefinitions of a channel.

use crate::{
    output::{Exit, Line, Page, Style, fail, print_document, say},
    release::{Choosing, ReleaseArgs},
    write,
};
use clap::Args;
use gwapi::{
    crd,
    meta::{Channel, Release},
    validation::Uses,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde::Serialize;
use serde_json::{Number, Value};
use std::path::PathBuf;

/// Write the CustomResourceDefinitions, as one YAML stream or a file each; since v1.5.0 the admission policy, too
#[derive(Debug, Args)]
pub(crate) struct CrdsArgs {
    /// The release channel: `standard` or `experimental`
    #[arg(long, default_value_t)]
    channel: Channel,
    /// The release, such as `v1.1.0`. Unless given, it is the newest
    #[arg(long, value_name = "RELEASE")]
    release: Option<Release>,
    /// Write a file for each kind into this folder, made where it is missing, instead of to stdout. Files of the same
    /// name are replaced; a link in their place is refused. The folder itself may be a link
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &CrdsArgs) -> Exit {
    let named = ReleaseArgs {
        release: args.release,
    };
    let chosen = Choosing::new(named, Uses::new(args.channel)).chosen();
    if !chosen.is_named() {
        let mut page = Page::new(Style::stderr());
        let channel = args.channel;
        page.line(
            0,
            &Line::plain(format_args!(
                "definitions of the {channel} channel of {chosen}"
            )),
        );
        say(page);
    }
    let documents = match documents(chosen.release, args.channel) {
        Ok(documents) => documents,
        Err(error) => return fail(format_args!("cannot write a definition as YAML: {error}")),
    };
    let Some(folder) = &args.output else {
        let stream: String = documents
            .iter()
            .map(|(_, text)| format!("---\n{text}"))
            .collect();
        return print_document(&stream);
    };
    match write::files(folder, &documents) {
        Ok(()) => Exit::Clean,
        Err(error) => fail(error),
    }
}

/// The file of the admission policy.
const POLICY_FILE: &str = "gateway.networking.k8s.io_vap_safeupgrades.yaml";

/// The files of a release and channel, each with its name: definitions, and the admission policy where there is one.
fn documents(release: Release, channel: Channel) -> Result<Vec<(String, String)>, String> {
    let mut documents = Vec::new();
    for crd in crd::definitions(release, channel) {
        documents.push((file_name(&crd), yaml(&crd)?));
    }
    if let Some((policy, binding)) = crd::safe_upgrades(release, channel) {
        let both = format!("{}---\n{}", yaml(&policy)?, yaml(&binding)?);
        documents.push((POLICY_FILE.to_owned(), both));
    }
    Ok(documents)
}

/// The file of a definition: group and plural.
fn file_name(crd: &CustomResourceDefinition) -> String {
    format!("{}_{}.yaml", crd.spec.group, crd.spec.names.plural)
}

fn yaml(object: &impl Serialize) -> Result<String, String> {
    let mut value = serde_json::to_value(object).map_err(|error| error.to_string())?;
    whole_numbers(&mut value);
    let text = serde_saphyr::to_string(&value).map_err(|error| error.to_string())?;
    Ok(format!(
        "# Made by `gwapi crds`; do not edit.\n{}\n",
        text.trim_end()
    ))
}

/// Writes `1.0` as `1`: the definition's own type holds bounds as floating-point numbers.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Value::Array(elements) => elements.iter_mut().for_each(whole_numbers),
        Value::Number(number) => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "guarded: a whole number far below 2^53"
            )]
            if let (None, Some(float)) = (number.as_i64(), number.as_f64())
                && float.fract() == 0.0
                && float.abs() < 1e15
            {
                *number = Number::from(float as i64);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// What stands under `crds/` is what the command writes.
    #[test]
    fn committed_definitions_have_not_drifted() {
        for channel in Channel::ALL {
            let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .join("../crds")
                .join(channel.as_str());
            let crds = crd::definitions(Release::V1_1_0, channel);
            let files = fs::read_dir(&folder).unwrap().count();
            assert_eq!(files, crds.len(), "{}", folder.display());
            for crd in crds {
                let name = file_name(&crd);
                let committed = fs::read_to_string(folder.join(&name)).unwrap();
                assert!(
                    committed == yaml(&crd).unwrap(),
                    "crds/{channel}/{name} has drifted: run `cargo run -p gwapi-cli -- crds --release v1.1.0 --channel {channel} --output crds/{channel}`"
                );
            }
        }
    }
}
