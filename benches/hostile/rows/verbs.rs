//! What the verbs that read manifests make of them.

use super::{Row, row};
use crate::{
    inputs,
    measure::{Cost, binary, command},
};
use std::{fs, path::Path};

/// What a verb says: its exit code, and a part of its text.
type Says = (i32, &'static str);

/// Makes manifests at so many times their size.
type Make = fn(usize) -> String;

/// The verbs that read manifests.
const VERBS: [&str; 5] = ["validate", "status", "request", "convert", "upgrade-check"];

/// All of them.
pub(super) fn verbs() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, make, says) in KINDS {
        for (verb, says) in VERBS.into_iter().zip(*says) {
            rows.push(row(format!("{verb}: {name}"), (10, 200), move |n| {
                command(&arguments(verb, "-"), make(n).into(), *says)
            }));
        }
    }
    let lines: [Says; 5] = [
        (1, "1600000 objects: 1600000 errors"),
        (1, "1600000 objects and documents are left out"),
        (1, "1600000 objects and documents are left out"),
        (0, "converted 0 of 0 objects"),
        (0, "Nothing stands in the way"),
    ];
    let repository: [Says; 5] = [
        (1, "errors"),
        (1, "HTTPRoute default/r0"),
        (1, "left out"),
        (0, "of the Gateway API"),
        (0, "Nothing stands in the way"),
    ];
    for (verb, (lines, repository)) in VERBS.into_iter().zip(lines.into_iter().zip(repository)) {
        rows.push(row(
            format!("{verb}: an object a line"),
            (60, 200),
            move |n| {
                // The number is that of four times the size.
                let text = if n == 4 { lines.1 } else { "" };
                let input = inputs::one_line_objects(n).into();
                command(&arguments(verb, "-"), input, (lines.0, text))
            },
        ));
        rows.push(row(
            format!("{verb}: a repository of files"),
            (120, 200),
            move |n| {
                files(verb, repository, |folder| {
                    inputs::repository(folder, n * 4_250)
                })
            },
        ));
    }
    let of_validate: [(&str, Make, Says); 3] = [
        (
            "placeholders without values",
            inputs::placeholders,
            (1, "errors"),
        ),
        (
            "comments for one object",
            inputs::allowing_comments,
            (0, "1 finding allowed"),
        ),
        (
            "comments for nothing",
            inputs::unused_comments,
            (0, "warnings"),
        ),
    ];
    for (name, make, says) in of_validate {
        rows.push(row(format!("validate: {name}"), (10, 200), move |n| {
            command(&arguments("validate", "-"), make(n).into(), says)
        }));
    }
    rows.push(row("validate: kustomizations", (10, 200), |n| {
        files("validate", (1, "errors"), |folder| {
            inputs::kustomizations(folder, n * 500)
        })
    }));
    rows.push(row("validate: files that cannot be read", (60, 200), |n| {
        files("validate", (1, "errors"), |folder| {
            inputs::broken_files(folder, n * 1_000)
        })
    }));
    rows
}

/// A kind of manifests, made at so many times its size, and what each of [`VERBS`] makes of it.
type Kind = (&'static str, Make, &'static [Says; 5]);

/// All kinds of manifests.
const KINDS: &[Kind] = &[
    (
        "ports and endpoints of a Service",
        inputs::ports_and_endpoints,
        &[
            (0, "4 objects, "),
            (0, "HTTPRoute default/r"),
            (0, "\"forwarded\""),
            (0, "converted 0 of 2 objects"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "listeners in conflict",
        inputs::conflicting_listeners,
        &[
            (1, "1 object: 1 error"),
            (1, "left out"),
            (1, "left out"),
            (0, "converted 0 of 1 object"),
            (1, "Not ready"),
        ],
    ),
    (
        "Gateways of listeners in conflict",
        inputs::many_listeners,
        &[
            (1, "errors"),
            (1, "left out"),
            (1, "left out"),
            (0, "of the Gateway API"),
            (1, "Not ready"),
        ],
    ),
    (
        "parents",
        inputs::many_parents,
        &[
            (0, "warnings"),
            (1, "HTTPRoute default/r0"),
            (2, "several Gateways answer"),
            (0, "of the Gateway API"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "matches",
        inputs::many_matches,
        &[
            (0, "objects, "),
            (0, "HTTPRoute default/r0"),
            (1, "\"answered\""),
            (0, "of the Gateway API"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "hostnames",
        inputs::many_hostnames,
        &[
            (0, "warnings"),
            (1, "HTTPRoute default/r0"),
            (1, "\"answered\""),
            (0, "of the Gateway API"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "policies for one Service",
        inputs::many_policies,
        &[
            (1, "errors"),
            (1, "BackendTLSPolicy default/p0"),
            (0, "\"forwarded\""),
            (0, "of the Gateway API"),
            (1, "Not ready"),
        ],
    ),
    (
        "policies and Gateways",
        inputs::policies_and_gateways,
        &[
            (1, "errors"),
            (1, "BackendTLSPolicy default/p0"),
            (2, "several Gateways answer"),
            (0, "of the Gateway API"),
            (1, "Not ready"),
        ],
    ),
    (
        "references to nothing",
        inputs::near_misses,
        &[
            (0, "warnings"),
            (1, "HTTPRoute default/r0"),
            (2, "several Gateways answer"),
            (0, "of the Gateway API"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "objects of one name",
        inputs::one_name,
        &[
            (0, "warnings"),
            (1, "given again at"),
            (1, "given again at"),
            (0, "of the Gateway API"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "documents",
        inputs::many_documents,
        &[
            (0, "objects, "),
            (0, "no object with a status"),
            (1, "\"refused\""),
            (0, "converted 0 of 0 objects"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "lists in lists",
        inputs::deep_nesting,
        &[
            (1, "`--limit max-depth=…`"),
            (1, "`--limit max-depth=…`"),
            (1, "`--limit max-depth=…`"),
            (1, "`--limit max-depth=…`"),
            (1, "`--limit max-depth=…`"),
        ],
    ),
    (
        "bombs of aliases",
        inputs::aliases,
        &[
            (1, "`--limit max-alias-bytes=…`"),
            (1, "`--limit max-alias-bytes=…`"),
            (1, "`--limit max-alias-bytes=…`"),
            (1, "`--limit max-alias-bytes=…`"),
            (1, "`--limit max-alias-bytes=…`"),
        ],
    ),
    (
        "long keys",
        inputs::long_keys,
        &[
            (1, "1 object, "),
            (1, "left out"),
            (1, "left out"),
            (0, "converted 0 of 1 object"),
            (1, "losing a field"),
        ],
    ),
    (
        "unknown fields",
        inputs::unknown_fields,
        &[
            (1, "1001 errors"),
            (1, "left out"),
            (1, "left out"),
            (0, "converted 0 of 1 object"),
            (1, "losing a field"),
        ],
    ),
    (
        "findings in one object",
        inputs::many_findings,
        &[
            (1, "1001 errors"),
            (1, "left out"),
            (1, "left out"),
            (1, "could not be converted"),
            (1, "Not ready"),
        ],
    ),
    (
        "keys given twice",
        inputs::duplicate_keys,
        &[
            (0, "1000 warnings"),
            (0, "given twice"),
            (1, "given twice"),
            (0, "given twice"),
            (1, "given twice"),
        ],
    ),
    (
        "one long text",
        inputs::long_text,
        &[
            (0, "1 object, "),
            (0, "no object with a status"),
            (1, "\"refused\""),
            (0, "converted 0 of 0 objects"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "small maps",
        inputs::small_maps,
        &[
            (1, "1 error"),
            (1, "left out"),
            (1, "left out"),
            (0, "converted 0 of 0 objects"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "objects of an old version",
        inputs::old_versions,
        &[
            (0, "warnings"),
            (1, "HTTPRoute default/r0"),
            (1, "\"refused\""),
            (0, "`metadata.ownerReferences`"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "a List of an old version in one line",
        inputs::old_versions_in_one_line,
        &[
            (0, "warnings"),
            (1, "HTTPRoute default/r0"),
            (1, "\"refused\""),
            (0, "of the Gateway API"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "a route of regular expressions",
        inputs::regular_expressions,
        &[
            (0, "`PatternLimits::route`"),
            (1, "`PatternLimits::route`"),
            (1, "`PatternLimits::route`"),
            (0, "converted 0 of 2 objects"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "a grant that is too long",
        inputs::refused_grant,
        &[
            (1, "errors"),
            (1, "left out"),
            (1, "left out"),
            (0, "of the Gateway API"),
            (1, "Not ready"),
        ],
    ),
    (
        "policies of one bundle",
        inputs::policies_of_one_bundle,
        &[
            (0, "objects, "),
            (1, "BackendTLSPolicy default/p0"),
            (0, "\"forwarded\""),
            (0, "of the Gateway API"),
            (1, "Not ready"),
        ],
    ),
    (
        "Gateways of one bundle",
        inputs::gateways_of_one_bundle,
        &[
            (1, "errors"),
            (1, "left out"),
            (1, "left out"),
            (0, "of the Gateway API"),
            (1, "Not ready"),
        ],
    ),
    (
        "names of headers",
        inputs::header_names,
        &[
            (1, "errors"),
            (1, "left out"),
            (1, "left out"),
            (0, "of the Gateway API"),
            (1, "Not ready"),
        ],
    ),
    (
        "patterns of one header",
        inputs::patterns_of_one_header,
        &[
            (0, "objects, "),
            (0, "HTTPRoute default/r0"),
            (1, "\"answered\""),
            (0, "of the Gateway API"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "grants for others",
        inputs::grants_for_others,
        &[
            (0, "warnings"),
            (1, "HTTPRoute default/r0"),
            (1, "\"answered\""),
            (0, "of the Gateway API"),
            (0, "Nothing stands in the way"),
        ],
    ),
    (
        "a Gateway that is too long",
        inputs::refused_gateway,
        &[
            (1, "errors"),
            (1, "left out"),
            (1, "left out"),
            (0, "of the Gateway API"),
            (1, "Not ready"),
        ],
    ),
    (
        "a route that is too long",
        inputs::refused_route,
        &[
            (1, "errors"),
            (1, "left out"),
            (1, "left out"),
            (0, "of the Gateway API"),
            (1, "Not ready"),
        ],
    ),
    (
        "rules without matches",
        inputs::empty_rules,
        &[
            (1, "1 object, "),
            (1, "left out"),
            (1, "left out"),
            (0, "converted 0 of 1 object"),
            (1, "Not ready"),
        ],
    ),
];

/// The arguments of a verb that reads manifests.
fn arguments<'a>(verb: &'a str, file: &'a str) -> Vec<&'a str> {
    let mut arguments = vec![verb, "-f", file];
    if verb == "request" {
        arguments.extend(["-o", "json", "http://h0.r0.example.com/0/0/0"]);
    }
    arguments
}

/// Runs a verb on a folder that is made for it.
fn files(verb: &str, says: (i32, &str), make: impl Fn(&Path) -> usize) -> Option<Cost> {
    binary()?;
    let folder = std::env::temp_dir().join(format!("gwapi-hostile-{}", std::process::id()));
    let size = make(&folder);
    let cost = command(&arguments(verb, folder.to_str()?), Vec::new(), says);
    fs::remove_dir_all(&folder).unwrap();
    Some(Cost { size, ..cost? })
}
