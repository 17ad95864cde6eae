//! Deserialising from a JSON value with the field path of what fails.
//!
//! `serde_json` reads a `Value` too, but its errors know no path and speak of Rust types. Here each
//! step into a member or an item that fails adds itself to the path, so that success costs nothing.
//!
//! What an API server reads into a Go type (core kinds, and `metadata` of every kind) it reads with Go's rule for
//! null: where a value is needed, null stands for the empty one. In a custom resource it drops the entries of a map that
//! are null. [`Nulls`] says where each rule applies. A whole number may be written with a fraction of zero (`80.0`).

mod misfit;

pub(super) use misfit::Misfit;
use misfit::{Expecting, ValueStep, is_base64, path_of};

use crate::schema::nearest_name;
use serde::{
    de::{
        self, Deserialize, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess,
        SeqAccess, Visitor,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value, map};
use std::{cell::RefCell, fmt, iter, slice};

/// Reads a `T` from the value of an object. A text that its type refuses for a reason of its own is read once more, in full
/// knowledge of what is expected there.
pub(super) fn from_value<'de, T: Deserialize<'de>>(
    value: &'de Value,
    nulls: Nulls,
) -> Result<T, Misfit> {
    let source = Source {
        value,
        nulls,
        unread: None,
        texts: TextReading::Plain,
    };
    let read = T::deserialize(source);
    match read {
        Err(misfit) if misfit.is_foreign() => T::deserialize(Source {
            texts: TextReading::Judged,
            ..source
        }),
        read => read,
    }
}

/// Reads a `T` from the value of an object, and notes the fields that `T` does not have.
pub(super) fn from_value_noting<'de, T: Deserialize<'de>>(
    value: &'de Value,
    nulls: Nulls,
    texts: TextReading,
    unread: &'de Unread,
) -> Result<T, Misfit> {
    T::deserialize(Source {
        value,
        nulls,
        unread: Some(unread),
        texts,
    })
}

/// How texts are read that only their type can judge: base64, times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextReading {
    /// By the type alone. What it says of a text that it refuses are its author's words, not ours.
    Plain,
    /// With a look at what the type expects, which costs time: line breaks in base64 are passed over, as Go does, and what is
    /// refused is told in our words.
    Judged,
}

/// What a null means where a value is needed. Where a field may be absent, null is absent everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nulls {
    /// It is an error, as in a custom resource; but in the object's `metadata` it is the empty value.
    OfCustomResource,
    /// It is an error, but for an entry of a map, which is not there then.
    Refused,
    /// It is the empty value of its type, as an API server reads it into a Go type.
    Empty,
}

impl Nulls {
    /// What holds inside this member.
    fn within(self, key: &str) -> Self {
        match self {
            Self::OfCustomResource if key == "metadata" => Self::Empty,
            Self::OfCustomResource => Self::Refused,
            other => other,
        }
    }
}

/// A value as `Debug` shows it: of a Secret, or a list of them, wherever it is, no more than which it is. The annotation of
/// `kubectl apply` holds the data a second time.
pub(super) struct Shown<'v>(pub(super) &'v Value);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |pointer: &str| self.0.pointer(pointer).and_then(Value::as_str);
        match (self.0, at("/kind")) {
            (Value::Object(_), Some(kind)) if kind.starts_with("Secret") => f
                .debug_struct(kind)
                .field("namespace", &at("/metadata/namespace"))
                .field("name", &at("/metadata/name"))
                .finish_non_exhaustive(),
            (Value::Object(members), _) => {
                let members = members.iter().map(|(name, value)| (name, Shown(value)));
                f.debug_map().entries(members).finish()
            }
            (Value::Array(items), _) => f.debug_list().entries(items.iter().map(Shown)).finish(),
            (other, _) => fmt::Debug::fmt(other, f),
        }
    }
}

/// The fields that a type does not have, gathered while it is read.
#[derive(Debug, Default)]
pub(super) struct Unread {
    at: RefCell<Vec<ValueStep>>,
    /// The fields of the types that are being read, the innermost last.
    known: RefCell<Vec<&'static [&'static str]>>,
    fields: RefCell<Vec<UnreadField>>,
}

/// A field that the type of its kind does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnreadField {
    /// The path, as in `spec.prots`.
    pub(crate) path: String,
    /// Its name in the object that has it.
    pub(crate) name: String,
    /// The field of that type that is most likely meant.
    pub(crate) nearest: Option<&'static str>,
}

impl Unread {
    /// How many fields of one object are named; hostile input could hold millions.
    const MOST: usize = 1_000;

    /// The fields, in the order of the object.
    pub(super) fn into_fields(self) -> Vec<UnreadField> {
        self.fields.into_inner()
    }

    fn note(&self) {
        let mut fields = self.fields.borrow_mut();
        if fields.len() >= Self::MOST {
            return;
        }
        let at = self.at.borrow();
        let name = match at.last() {
            Some(ValueStep::Field(name)) => name.clone(),
            _ => String::new(),
        };
        let known = self.known.borrow();
        let known = known.last().copied().unwrap_or_default();
        fields.push(UnreadField {
            path: path_of(at.iter()),
            nearest: nearest_name(&name, known.iter().copied()),
            name,
        });
    }

    /// Reads the members of a type with these fields.
    fn of_type<T>(
        unread: Option<&Self>,
        fields: &'static [&'static str],
        read: impl FnOnce() -> T,
    ) -> T {
        let Some(unread) = unread else {
            return read();
        };
        unread.known.borrow_mut().push(fields);
        let done = read();
        unread.known.borrow_mut().pop();
        done
    }

    fn within<T>(
        unread: Option<&Self>,
        step: impl FnOnce() -> ValueStep,
        read: impl FnOnce() -> T,
    ) -> T {
        let Some(unread) = unread else {
            return read();
        };
        unread.at.borrow_mut().push(step());
        let done = read();
        unread.at.borrow_mut().pop();
        done
    }
}

/// A value to read from.
#[derive(Clone, Copy)]
struct Source<'de> {
    value: &'de Value,
    nulls: Nulls,
    unread: Option<&'de Unread>,
    texts: TextReading,
}

impl<'de> Source<'de> {
    /// Whether this is a null that stands for an empty value.
    fn is_empty(self) -> bool {
        self.value.is_null() && self.nulls == Nulls::Empty
    }

    fn items(self, items: &'de [Value]) -> ItemAccess<'de> {
        ItemAccess {
            items: items.iter(),
            index: 0,
            of: self,
        }
    }

    /// The integer that is meant by a number with a fraction of zero, within the bounds of JSON.
    fn whole(self) -> Option<i64> {
        const MOST: f64 = 9_007_199_254_740_991.0;
        let number = self.value.as_f64().filter(|_| self.value.is_f64())?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is whole and within bounds"
        )]
        (number.fract() == 0.0 && number.abs() <= MOST).then_some(number as i64)
    }

    /// A text, which is empty where a null stands for it.
    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.value {
            _ if self.is_empty() => visitor.visit_borrowed_str(""),
            Value::String(text) if self.texts == TextReading::Judged => {
                // The visitor is gone when it has refused the text.
                let expected = Expecting(format!("{}", &visitor as &dyn Expected));
                let has_breaks = is_base64(&expected) && text.contains(['\r', '\n']);
                let read = match has_breaks {
                    true => visitor.visit_string(text.replace(['\r', '\n'], "")),
                    false => visitor.visit_borrowed_str(text),
                };
                read.map_err(|misfit: Misfit| match misfit.is_foreign() {
                    true => Misfit::text(&expected, text),
                    false => misfit,
                })
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn members(self, members: &'de Map<String, Value>) -> MemberAccess<'de> {
        MemberAccess {
            members: members.iter(),
            current: None,
            without_nulls: false,
            of: self,
        }
    }
}

/// The object without members.
fn empty_object<'de, V: Visitor<'de>>(visitor: V) -> Result<V::Value, Misfit> {
    visitor.visit_map(de::value::MapDeserializer::<_, Misfit>::new(
        iter::empty::<(&str, &str)>(),
    ))
}

/// Methods that read a scalar, and the empty one for a null that stands for it.
macro_rules! scalars {
    ($($method:ident: $visit:ident($empty:expr),)+) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
                if self.is_empty() {
                    visitor.$visit($empty)
                } else {
                    self.deserialize_any(visitor)
                }
            }
        )+
    };
}

/// The same for integers.
macro_rules! integers {
    ($($method:ident,)+) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
                match self.whole() {
                    _ if self.is_empty() => visitor.visit_i64(0),
                    Some(number) => visitor.visit_i64(number),
                    None => self.deserialize_any(visitor),
                }
            }
        )+
    };
}

impl<'de> Deserializer<'de> for Source<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => {
                if let Some(number) = number.as_u64() {
                    visitor.visit_u64(number)
                } else if let Some(number) = number.as_i64() {
                    visitor.visit_i64(number)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
                }
            }
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(self.items(items)),
            Value::Object(members) => visitor.visit_map(self.members(members)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.value {
            // serde would take a list for the fields in their order.
            Value::Object(members) => Unread::of_type(self.unread, fields, || {
                visitor.visit_map(self.members(members))
            }),
            Value::Null if self.is_empty() => empty_object(visitor),
            other => Err(Misfit::expected("an object", other)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.is_empty() {
            return empty_object(visitor);
        }
        match self.value {
            Value::Object(members) if self.nulls == Nulls::Refused => {
                visitor.visit_map(MemberAccess {
                    without_nulls: true,
                    ..self.members(members)
                })
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.is_empty() {
            return visitor.visit_seq(self.items(&[]));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.value {
            Value::String(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            other => Err(Misfit::expected("a string", other)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if let Some(unread) = self.unread {
            unread.note();
        }
        visitor.visit_unit()
    }

    scalars! {
        deserialize_bool: visit_bool(false),
        deserialize_f32: visit_f64(0.0),
        deserialize_f64: visit_f64(0.0),
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.text(visitor)
    }

    integers! {
        deserialize_i8,
        deserialize_i16,
        deserialize_i32,
        deserialize_i64,
        deserialize_u8,
        deserialize_u16,
        deserialize_u32,
        deserialize_u64,
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

struct ItemAccess<'de> {
    items: slice::Iter<'de, Value>,
    index: usize,
    of: Source<'de>,
}

impl<'de> SeqAccess<'de> for ItemAccess<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let Some(value) = self.items.next() else {
            return Ok(None);
        };
        let index = self.index;
        self.index += 1;
        let item = Source {
            value,
            nulls: self.of.nulls.within(""),
            ..self.of
        };
        Unread::within(
            item.unread,
            || ValueStep::Item(index),
            || seed.deserialize(item).map(Some),
        )
        .map_err(|failure| failure.within_item(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct MemberAccess<'de> {
    members: map::Iter<'de>,
    current: Option<(&'de str, &'de Value)>,
    /// Whether members that are null are passed over.
    without_nulls: bool,
    of: Source<'de>,
}

impl<'de> MapAccess<'de> for MemberAccess<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let without_nulls = self.without_nulls;
        let is_there = |(_, value): &(&String, &Value)| !(without_nulls && value.is_null());
        let Some((key, value)) = self.members.by_ref().find(is_there) else {
            return Ok(None);
        };
        self.current = Some((key, value));
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key))
            .map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Misfit> {
        let Some((key, value)) = self.current.take() else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        let member = Source {
            value,
            nulls: self.of.nulls.within(key),
            ..self.of
        };
        Unread::within(
            member.unread,
            || ValueStep::Field(key.to_owned()),
            || seed.deserialize(member),
        )
        .map_err(|failure| failure.within_field(key))
    }

    fn size_hint(&self) -> Option<usize> {
        (!self.without_nulls).then_some(self.members.len())
    }
}
