//! Discriminated unions: an object with a `type` and the one member that the type names.

/// Declares a discriminated union of the API as a Rust enum with data.
///
/// On the wire it is `{"type": TYPE, MEMBER: …}`. Behind a member stand the releases that have it, unless all have. Whatever does not match (a type that no known
/// release has, a member that is missing, two members) is kept in `Unrecognized` and written back as it
/// was, so that an object of a later release survives a read and a write.
macro_rules! union {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident {
            $( $(#[doc = $variant_doc:literal])+ $variant:ident($data:ty $(as $schema:ty)?) = $type:literal, $member:literal $(when $when:literal)?; )+
        }
    ) => {
        $(#[doc = $doc])+
        ///
        /// A discriminated union: on the wire an object with `type` and the member that it names.
        #[derive(Clone, Debug, PartialEq)]
        pub enum $name {
            $( $(#[doc = $variant_doc])+ $variant($data), )+
            /// What does not match, kept as it was read: a type that no known release has, a
            /// member that is missing or does not belong to the type, or two members.
            Unrecognized(serde_json::Map<String, serde_json::Value>),
        }

        impl $name {
            /// The types that some known release names.
            pub const TYPES: &'static [&'static str] = &[$($type),+];

            /// The text of `type`; empty where it was left out.
            #[must_use]
            pub fn type_name(&self) -> &str {
                match self {
                    $( Self::$variant(_) => $type, )+
                    Self::Unrecognized(map) => map
                        .get("type")
                        .and_then(serde_json::Value::as_str)
                        .unwrap_or_default(),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                match self {
                    $( Self::$variant(data) => {
                        let mut map = serializer.serialize_map(Some(2))?;
                        // In the order in which an API server writes them.
                        if $member < "type" {
                            map.serialize_entry($member, data)?;
                            map.serialize_entry("type", $type)?;
                        } else {
                            map.serialize_entry("type", $type)?;
                            map.serialize_entry($member, data)?;
                        }
                        map.end()
                    } )+
                    Self::Unrecognized(map) => map.serialize(serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error;
                enum Key {
                    Type,
                    $( $variant, )+
                    Other(String),
                }
                impl<'de> serde::Deserialize<'de> for Key {
                    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                        struct Visitor;
                        impl serde::de::Visitor<'_> for Visitor {
                            type Value = Key;

                            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                                f.write_str("a field name")
                            }

                            fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Key, E> {
                                Ok(match key {
                                    "type" => Key::Type,
                                    $( $member => Key::$variant, )+
                                    other => Key::Other(other.to_owned()),
                                })
                            }
                        }
                        deserializer.deserialize_identifier(Visitor)
                    }
                }

                /// The text of `type`.
                struct Type(std::borrow::Cow<'static, str>);

                impl<'de> serde::Deserialize<'de> for Type {
                    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                        struct Visitor;
                        impl serde::de::Visitor<'_> for Visitor {
                            type Value = Type;

                            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                                f.write_str("a string")
                            }

                            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Type, E> {
                                let known = <$name>::TYPES.iter().find(|known| **known == text);
                                Ok(Type(known.map_or_else(|| text.to_owned().into(), |known| (*known).into())))
                            }
                        }
                        deserializer.deserialize_str(Visitor)
                    }
                }

                /// The members that were read, before it is known whether they belong together. If they do,
                /// nothing is allocated here: what is freed while a large list is read leaves holes, and the
                /// list's objects get out of their order in memory.
                #[derive(Default)]
                struct Parts {
                    kind: Option<Type>,
                    first: Option<$name>,
                    more: Vec<$name>,
                    others: serde_json::Map<String, serde_json::Value>,
                }

                impl Parts {
                    fn members(&self) -> impl Iterator<Item = &$name> {
                        self.first.iter().chain(&self.more)
                    }

                    fn add(&mut self, member: $name) {
                        match self.first {
                            None => self.first = Some(member),
                            Some(_) => self.more.push(member),
                        }
                    }

                    fn into_union<E: serde::de::Error>(mut self) -> Result<$name, E> {
                        let kind = self.kind.take();
                        let fits = |only: &mut $name| kind.as_ref().is_some_and(|kind| kind.0 == only.type_name());
                        if self.more.is_empty()
                            && let Some(fitting) = self.first.take_if(fits)
                        {
                            return Ok(fitting);
                        }
                        let mut map = std::mem::take(&mut self.others);
                        if let Some(kind) = kind {
                            map.insert("type".to_owned(), serde_json::Value::String(kind.0.into_owned()));
                        }
                        for member in self.members() {
                            let (key, value) = match member {
                                $( $name::$variant(data) => ($member, serde_json::to_value(data)), )+
                                $name::Unrecognized(_) => continue,
                            };
                            map.insert(key.to_owned(), value.map_err(E::custom)?);
                        }
                        Ok($name::Unrecognized(map))
                    }
                }

                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object with `type` and the member that it names")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut parts = Parts::default();
                        while let Some(key) = map.next_key::<Key>()? {
                            match key {
                                Key::Type => {
                                    if parts.kind.is_some() {
                                        return Err(A::Error::duplicate_field("type"));
                                    }
                                    parts.kind = map.next_value()?;
                                }
                                $( Key::$variant => {
                                    if parts.members().any(|m| m.type_name() == $type) {
                                        return Err(A::Error::duplicate_field($member));
                                    }
                                    if let Some(data) = map.next_value::<Option<$data>>()? {
                                        parts.add($name::$variant(data));
                                    }
                                } )+
                                Key::Other(key) => {
                                    let value = map.next_value()?;
                                    parts.others.insert(key, value);
                                }
                            }
                        }
                        parts.into_union()
                    }
                }
                deserializer.deserialize_map(Visitor)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut properties = serde_json::Map::new();
                let mut kind = schemars::json_schema!({
                    "type": "string",
                    "enum": Self::TYPES,
                    "description": "Names the member that is set.",
                });
                let types: &[(&str, $crate::meta::When)] = &[
                    $( $( ($type, $crate::meta::when!($when)), )? )+
                ];
                $crate::meta::mark_values(&mut kind, types);
                properties.insert("type".to_owned(), kind.to_value());
                $(
                    let mut member = serde_json::Map::new();
                    member.insert("description".to_owned(), concat!($($variant_doc, "\n"),+).trim().into());
                    member.insert(
                        "allOf".to_owned(),
                        serde_json::json!([generator.subschema_for::<$crate::meta::union!(@schema $data $(, $schema)?)>()]),
                    );
                    $( member.insert("x-gwapi-when".to_owned(), $when.into()); )?
                    properties.insert($member.to_owned(), member.into());
                )+
                schemars::json_schema!({
                    "type": "object",
                    "description": concat!($($doc, "\n"),+).trim(),
                    "properties": properties,
                    "required": ["type"],
                })
            }
        }
    };
    (@schema $data:ty, $schema:ty) => { $schema };
    (@schema $data:ty) => { $data };
}

pub(crate) use union;

#[cfg(test)]
#[expect(
    unreachable_pub,
    reason = "the macro declares what is public elsewhere"
)]
mod tests {
    use serde_json::{Value, json};

    union! {
        /// A shape.
        pub enum Shape {
            /// A circle with its radius.
            Circle(u32) = "Circle", "circle";
            /// A square with its side.
            Square(String) = "Square", "square";
        }
    }

    fn read(value: Value) -> Shape {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_fitting_member_becomes_its_variant_in_any_order() {
        assert_eq!(
            read(json!({"type": "Circle", "circle": 3})),
            Shape::Circle(3)
        );
        let last: Shape = serde_json::from_str(r#"{"circle": 3, "type": "Circle"}"#).unwrap();
        assert_eq!(last, Shape::Circle(3));
        assert_eq!(
            read(json!({"type": "Circle", "circle": 3, "square": null})),
            Shape::Circle(3)
        );
    }

    #[test]
    fn whatever_does_not_fit_is_kept_and_written_back() {
        for odd in [
            json!({"type": "Hexagon", "hexagon": {"side": 2}}),
            json!({"type": "Circle"}),
            json!({"type": "Circle", "square": "4"}),
            json!({"type": "Circle", "circle": 3, "square": "4"}),
            json!({"circle": 3}),
            json!({}),
        ] {
            let shape = read(odd.clone());
            assert!(matches!(shape, Shape::Unrecognized(_)), "{odd}");
            assert_eq!(serde_json::to_value(&shape).unwrap(), odd);
        }
    }

    #[test]
    fn a_member_given_twice_is_an_error() {
        let twice = r#"{"type": "Circle", "circle": 3, "circle": 4}"#;
        assert!(serde_json::from_str::<Shape>(twice).is_err());
    }
}
