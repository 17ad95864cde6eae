//! Field paths as an API server writes them.

use std::fmt;

/// The path to a field, as a chain of steps on the stack: nothing is allocated until it is printed.
///
/// Printed as an API server does: `spec.rules[0].matches[1].path.value`; the object itself is empty.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: PathStep<'a>,
}

#[derive(Clone, Copy, Debug)]
enum PathStep<'a> {
    Root,
    Field(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    /// The object itself.
    pub const ROOT: Path<'static> = Path {
        parent: None,
        step: PathStep::Root,
    };

    /// A field of the object at this path.
    #[must_use]
    pub fn field(&'a self, name: &'a str) -> Path<'a> {
        Path {
            parent: Some(self),
            step: PathStep::Field(name),
        }
    }

    /// An element of the list at this path.
    #[must_use]
    pub fn index(&'a self, index: usize) -> Path<'a> {
        Path {
            parent: Some(self),
            step: PathStep::Index(index),
        }
    }

    /// The names of the fields and map entries on the way, without the indexes of lists.
    pub(crate) fn names(&self) -> Vec<&'a str> {
        let mut names = match self.parent {
            Some(parent) => parent.names(),
            None => Vec::new(),
        };
        match self.step {
            PathStep::Field(name) | PathStep::Key(name) => names.push(name),
            PathStep::Root | PathStep::Index(_) => {}
        }
        names
    }

    /// An entry of the map at this path: `[key]`.
    #[must_use]
    pub fn key(&'a self, key: &'a str) -> Path<'a> {
        Path {
            parent: Some(self),
            step: PathStep::Key(key),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_start = match self.parent {
            Some(parent) => {
                write!(f, "{parent}")?;
                matches!(parent.step, PathStep::Root)
            }
            None => true,
        };
        match self.step {
            PathStep::Root => Ok(()),
            PathStep::Field(name) if at_start => f.write_str(name),
            PathStep::Field(name) => write!(f, ".{name}"),
            PathStep::Index(index) => write!(f, "[{index}]"),
            PathStep::Key(key) => write!(f, "[{key}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_an_api_server_writes_it() {
        let root = Path::ROOT;
        let spec = root.field("spec");
        let rules = spec.field("rules");
        let rule = rules.index(3);
        let name = rule.field("name");
        assert_eq!(root.to_string(), "");
        assert_eq!(name.to_string(), "spec.rules[3].name");
        assert_eq!(rule.key("a.b/c").to_string(), "spec.rules[3][a.b/c]");
    }
}
