//! What would be right where a text is not YAML.

use granit_parser::ErrorKind;

/// What is wrong, and what would be right, in plain words where the parser has none.
pub(super) fn message(kind: &ErrorKind, info: &str) -> String {
    match remedy(kind) {
        Some(remedy) => format!("not YAML: {remedy} ({info})"),
        None => format!("not YAML: {info}"),
    }
}

fn remedy(kind: &ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            "no value can begin at this `:`: put a text that has `: ` in it in quotes, or indent the field like those beside it"
        }
        ErrorKind::UnknownAnchor | ErrorKind::MissingAnchorOrAliasName => {
            "no anchor of this name stands before it: put a text that begins with `*` or `&` in quotes, as in `\"*.example.com\"`"
        }
        ErrorKind::SimpleKeyExpected => {
            "expected `:` and a value behind the name of a field, as in `name: web`"
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => {
            "expected a field here: indent it like those beside it"
        }
        ErrorKind::ExpectedBlockSequenceEntry => {
            "expected an entry here: begin it with `- `, and indent it like those beside it"
        }
        _ => return None,
    })
}
