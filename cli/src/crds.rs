//! `gwapi crds`: the CustomResourceDefinitions of a channel.

use crate::{
    output::{Exit, fail, print_document},
    write,
};
use clap::Args;
use gwapi::{
    crd,
    meta::{Channel, Release},
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Number, Value};
use std::path::PathBuf;

/// Write the CustomResourceDefinitions, as one YAML stream or a file each
#[derive(Debug, Args)]
pub(crate) struct CrdsArgs {
    /// The release channel: `standard` or `experimental`
    #[arg(long, default_value_t)]
    channel: Channel,
    /// The release: `v1.1.0`, or `v1.0.0` for the BackendTLSPolicy that came before
    #[arg(long, default_value_t)]
    release: Release,
    /// Write a file for each kind into this folder, made where it is missing, instead of to stdout. Files of the same
    /// name are replaced; a link in their place is refused
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &CrdsArgs) -> Exit {
    let crds = crd::definitions(args.release, args.channel);
    if crds.is_empty() {
        return fail(format_args!(
            "nothing is known of the {} channel of release {}",
            args.channel, args.release
        ));
    }
    let documents: Result<Vec<_>, String> = crds
        .iter()
        .map(|crd| Ok((file_name(crd), yaml(crd)?)))
        .collect();
    let documents = match documents {
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

/// The file of a definition: group and plural.
fn file_name(crd: &CustomResourceDefinition) -> String {
    format!("{}_{}.yaml", crd.spec.group, crd.spec.names.plural)
}

fn yaml(crd: &CustomResourceDefinition) -> Result<String, String> {
    let mut value = serde_json::to_value(crd).map_err(|error| error.to_string())?;
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
            let crds = crd::definitions(Release::V1_1, channel);
            let files = fs::read_dir(&folder).unwrap().count();
            assert_eq!(files, crds.len(), "{}", folder.display());
            for crd in crds {
                let name = file_name(&crd);
                let committed = fs::read_to_string(folder.join(&name)).unwrap();
                assert!(
                    committed == yaml(&crd).unwrap(),
                    "crds/{channel}/{name} has drifted: run `cargo run -p gwapi-cli -- crds --channel {channel} --output crds/{channel}`"
                );
            }
        }
    }
}
