//! Enumerations that stay open to values of later releases.

/// Declares a string enumeration of the API: a variant for each value that some release names, and
/// `Unknown` that keeps any other text, so that decoding never fails on a later release's value.
///
/// The wire text stands beside each variant, and behind it the releases that have it, unless all have. `schema = closed` lists the values as the schema's `enum`;
/// `schema = SomeType` takes the schema of that type, for fields that the API leaves open.
macro_rules! open_enum {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident, schema = $schema:tt {
            $( $(#[doc = $variant_doc:literal])+ $variant:ident = $text:literal $(when $when:literal)?, )+
        }
    ) => {
        $(#[doc = $doc])+
        ///
        /// Open: a value that no known release names is kept as `Unknown`. The default is the empty
        /// text, which no release accepts, so that a forgotten value is found by validation.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $( $(#[doc = $variant_doc])+ $variant, )+
            /// A value that no known release names, as it was read.
            Unknown(Box<str>),
        }

        impl $name {
            /// The values that some known release names, in the order of their declaration.
            pub const KNOWN: &'static [&'static str] = &[$($text),+];

            /// The same values, not as text.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::Unknown(text) => text,
                }
            }

            /// Whether some known release names the value.
            #[must_use]
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Unknown(_))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Unknown(Box::default())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )+
                    other => Self::Unknown(other.into()),
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $( $text => Self::$variant, )+
                    _ => Self::Unknown(text.into()),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(text))
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a string")
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        Ok($name::from(text))
                    }

                    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<$name, E> {
                        Ok($name::from(text))
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let _ = &generator;
                let mut schema = $crate::meta::open_enum!(@schema generator, $schema);
                let values: &[(&str, $crate::meta::When)] = &[
                    $( $( ($text, $crate::meta::when!($when)), )? )+
                ];
                $crate::meta::mark_values(&mut schema, values);
                schema.insert(
                    "description".to_owned(),
                    concat!($($doc, "\n"),+).trim().into(),
                );
                schema
            }
        }
    };
    (@schema $generator:ident, closed) => {
        schemars::json_schema!({ "type": "string", "enum": Self::KNOWN })
    };
    (@schema $generator:ident, $constraint:ident) => {
        <$crate::meta::constraint::$constraint as schemars::JsonSchema>::json_schema($generator)
    };
}

pub(crate) use open_enum;

#[cfg(test)]
#[expect(
    unreachable_pub,
    reason = "the macro declares what is public elsewhere"
)]
mod tests {
    open_enum! {
        /// A colour.
        pub enum Colour, schema = closed {
            /// Like blood.
            Red = "RED",
            /// Like grass.
            Green = "green" when "E1.2 S1.4",
        }
    }

    #[test]
    fn a_value_of_a_later_release_is_kept_and_written_back() {
        let read: Vec<Colour> = serde_json::from_str(r#"["RED","green","Mauve"]"#).unwrap();
        assert_eq!(
            read,
            [Colour::Red, Colour::Green, Colour::Unknown("Mauve".into())]
        );
        assert_eq!(
            serde_json::to_string(&read).unwrap(),
            r#"["RED","green","Mauve"]"#
        );
        assert!(!read[2].is_known());
    }

    #[test]
    fn all_values_are_there_as_text_and_as_values() {
        let texts: Vec<&str> = Colour::ALL.iter().map(Colour::as_str).collect();
        assert_eq!(texts, Colour::KNOWN);
    }

    #[test]
    fn the_schema_lists_the_values_of_the_release() {
        let schema = schemars::schema_for!(Colour);
        assert_eq!(
            schema.get("enum").unwrap(),
            &serde_json::json!(["RED", "green"])
        );
        assert_eq!(
            schema.get("x-gwapi-values").unwrap(),
            &serde_json::json!({"green": "E1.2.. S1.4.."})
        );
        assert_eq!(schema.get("description").unwrap(), "A colour.");
    }
}
