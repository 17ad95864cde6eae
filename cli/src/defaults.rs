//! `gwapi defaults`: objects as a server stores them, with what it fills in.

use crate::{
    input::{Entry, InputArgs, Looked, Placeholders, Sifted},
    output::{
        Exit, Format, Line, OutputArgs, Page, Style, Tone, count, escaped, fail, print,
        print_document, print_json, say,
    },
    release::{self, Choosing, ReleaseArgs},
};
use clap::Args;
use gwapi::{
    meta::{Channel, Release},
    rules::Severity,
    schema,
    validation::{Uses, ValidationOptions, validate_value},
};
use serde::Serialize;
use serde_json::Value;

/// Show objects as an API server stores them, with the defaults that it fills in
///
/// What a server adds is what Argo CD and the like report as drift: with --diff only that is shown, field by field. Objects of
/// other kinds are left out and counted; a placeholder without value stays as it is written. The exit code is 1 if a server would refuse an object: `gwapi validate` says why.
#[derive(Debug, Args)]
pub(crate) struct DefaultsArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The release channel whose definitions the server has: `standard` or `experimental`
    #[arg(long, default_value_t)]
    channel: Channel,
    #[command(flatten)]
    release: ReleaseArgs,
    /// Show only what is added, and what is dropped
    #[arg(long)]
    diff: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// An object as it is stored.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    #[serde(skip)]
    heading: String,
    #[serde(skip)]
    is_accepted: bool,
    #[serde(flatten)]
    object: Value,
}

/// What a server changes in an object; in JSON an element of what `--diff` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Changed {
    path: String,
    /// What it fills in; nothing where it drops a null.
    added: Option<Value>,
}

pub(crate) fn run(args: &DefaultsArgs) -> Exit {
    let looker = |release: Release| {
        let options = ValidationOptions::of(release, args.channel);
        move |file: &str, entry: Entry| Looked {
            keep: stored(file, &entry, &options),
            problems: Vec::new(),
            is_withheld: false,
        }
    };
    let choosing = Choosing::new(args.release, Uses::new(args.channel));
    let most = args.input.max_shown;
    let mut from = args.input.clone();
    from.placeholders = Placeholders::Shown;
    let Some((sifted, chosen)) = release::sift(&from, &choosing, most, looker) else {
        return Exit::Failed;
    };
    let Sifted {
        input,
        kept,
        problems,
    } = sifted;
    input.print_problems(&problems);
    let mut page = Page::new(Style::stderr());
    page.line(
        0,
        &Line::plain(format_args!("defaults of {}", chosen.crds(args.channel))),
    );
    let others = input.objects.saturating_sub(input.of_gateway_api);
    let unknown = input.of_gateway_api.saturating_sub(kept.len());
    for (what, left_out) in [
        ("no part of the Gateway API", others),
        ("no kind of this release and channel", unknown),
    ] {
        if left_out > 0 {
            let left_out = count(left_out, "object");
            let line = format!("{what}, and left out: {left_out}");
            page.line(0, &Line::of(Tone::Faint, line));
        }
    }
    let refused = kept.iter().filter(|kept| !kept.what.0.is_accepted).count();
    if refused > 0 {
        let line = format!(
            "a server would refuse {}: `gwapi validate` says why",
            count(refused, "object")
        );
        page.line(0, &Line::of(Tone::Bad, line));
    }
    say(page);
    let kept = kept.into_iter().map(|kept| kept.what).collect::<Vec<_>>();
    let printed = match (args.output.format, args.diff) {
        (Format::Text, true) => print(differences(&kept)),
        (Format::Text, false) => print_all(&kept),
        (Format::Json, true) => print_json(
            &kept
                .iter()
                .map(|(stored, changed)| serde_json::json!({"object": name(&stored.object), "changes": changed}))
                .collect::<Vec<_>>(),
        ),
        (Format::Json, false) => {
            print_json(&kept.iter().map(|(stored, _)| stored).collect::<Vec<_>>())
        }
    };
    let found = match (input.failed, refused + problems.errors) {
        (true, _) => Exit::Failed,
        (false, 0) => Exit::Clean,
        (false, _) => Exit::Findings,
    };
    printed.max(found)
}

/// An object as it is stored, and what differs from what is written; nothing of kinds that the release does not have.
fn stored(
    file: &str,
    entry: &Entry,
    options: &ValidationOptions,
) -> Option<(Stored, Vec<Changed>)> {
    let kind = schema::find(entry.api_version(), entry.kind())?;
    let installation = kind.installation(options.release, options.channel)?;
    let mut object = entry.value.clone();
    schema::apply_defaults(&mut object, installation.schema());
    let mut changed = Vec::new();
    compare(&entry.value, &object, &mut String::new(), &mut changed);
    let report = validate_value(&entry.value, options);
    // What a field with a placeholder will hold, nobody knows.
    let certain = entry.certain(&report, options);
    let is_refused = certain
        .iter()
        .any(|finding| finding.severity() == Severity::Error);
    let place = match entry.namespace() {
        "" => entry.name().to_owned(),
        namespace => format!("{namespace}/{}", entry.name()),
    };
    let stored = Stored {
        heading: format!(
            "{} {place} ({file}:{})",
            entry.kind(),
            entry.place.position.line
        ),
        is_accepted: !is_refused,
        object,
    };
    Some((stored, changed))
}

fn name(object: &Value) -> Value {
    let text = |pointer: &str| object.pointer(pointer).cloned().unwrap_or_default();
    serde_json::json!({
        "apiVersion": text("/apiVersion"), "kind": text("/kind"),
        "namespace": text("/metadata/namespace"), "name": text("/metadata/name"),
    })
}

/// What the second value has that the first has not, field by field, and the nulls that it has no more.
fn compare(written: &Value, stored: &Value, path: &mut String, changed: &mut Vec<Changed>) {
    let length = path.len();
    match (written, stored) {
        (Value::Object(written), Value::Object(stored)) => {
            let keys = stored
                .keys()
                .chain(written.keys().filter(|key| !stored.contains_key(*key)));
            for key in keys {
                match (path.is_empty(), key.contains(['.', '['])) {
                    (true, _) => path.push_str(key),
                    (false, true) => path.push_str(&format!("[{key}]")),
                    (false, false) => path.extend([".", key]),
                }
                match (written.get(key), stored.get(key)) {
                    (Some(written), Some(stored)) => compare(written, stored, path, changed),
                    (_, added) => changed.push(Changed {
                        path: path.clone(),
                        added: added.cloned(),
                    }),
                }
                path.truncate(length);
            }
        }
        (Value::Array(written), Value::Array(stored)) => {
            for (index, (written, stored)) in written.iter().zip(stored).enumerate() {
                path.push_str(&format!("[{index}]"));
                compare(written, stored, path, changed);
                path.truncate(length);
            }
        }
        (written, stored) if written != stored => changed.push(Changed {
            path: path.clone(),
            added: Some(stored.clone()),
        }),
        _ => {}
    }
}

/// What is added to each object, a field a line.
fn differences(kept: &[(Stored, Vec<Changed>)]) -> Page {
    let mut page = Page::new(Style::stdout());
    for (stored, changed) in kept.iter().filter(|(_, changed)| !changed.is_empty()) {
        page.gap();
        page.line(0, &Line::of(Tone::Strong, &stored.heading));
        for Changed { path, added } in changed {
            let line = match added {
                Some(value) => Line::of(Tone::Good, format_args!("+ {path}: {value}")),
                None => Line::of(Tone::Bad, format_args!("- {path}: null")),
            };
            page.line(2, &line);
        }
    }
    page
}

fn print_all(kept: &[(Stored, Vec<Changed>)]) -> Exit {
    let mut text = String::new();
    for (stored, _) in kept {
        match escaped::yaml(&stored.object) {
            Ok(object) => {
                text.push_str("---\n");
                text.push_str(object.trim_end());
                text.push('\n');
            }
            Err(error) => return fail(format_args!("cannot write the answer as YAML: {error}")),
        }
    }
    print_document(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_added_and_what_is_dropped_is_named_with_its_path() {
        let written = json!({"a": [{"b": 1, "n": null}], "x.y": {}});
        let stored = json!({"a": [{"b": 1, "c": {"d": 2}}], "x.y": {"z": true}});
        let mut changed = Vec::new();
        compare(&written, &stored, &mut String::new(), &mut changed);
        let changed: Vec<_> = changed
            .into_iter()
            .map(|one| (one.path, one.added))
            .collect();
        assert_eq!(
            changed,
            [
                ("a[0].c".to_owned(), Some(json!({"d": 2}))),
                ("a[0].n".to_owned(), None),
                ("x.y.z".to_owned(), Some(json!(true))),
            ]
        );
    }
}
