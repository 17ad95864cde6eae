//! Reading reports, and writing them as they were read.

use super::{
    ConformanceReport, Implementation, LevelReport, OtherFields, ProfileReport, ReportStatistics,
    form::{
        EARLY_PROFILES, IMPLEMENTATION, LEVEL, PROFILE, PROFILES, PartForm, REPORT, STATISTICS,
        level_members, member, plain_part, written_path,
    },
};
use crate::manifest::{ReadError, decode_custom, refused_field};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;

impl ConformanceReport {
    /// Reads the JSON form of a report.
    ///
    /// # Errors
    ///
    /// It is no report, or has a field of the wrong type, lacks one, or has one twice: the error names the field as it is written
    /// there.
    pub fn of_json(value: &Value) -> Result<Self, ReadError> {
        let plain = plain_part(value, REPORT)
            .map_err(|twice| refused_field(value, &twice.path(), "the field stands twice"))?;
        let refused = |error: ReadError| {
            let path = written_path(value, REPORT, error.path());
            refused_field(&plain, &path, error.message())
        };
        let head: Head = decode_custom(&plain).map_err(refused)?;
        _ = (head.api_version, head.kind);
        // This reading names the field that does not fit, and passes over the nulls of unknown fields; the other keeps them.
        let PlainReport(named) = decode_custom(&plain).map_err(refused)?;
        let whole = serde_json::from_value(plain);
        let mut report = whole.map_or(named, |PlainReport(whole)| whole);
        report.remember(value);
        Ok(report)
    }
}

impl<'de> Deserialize<'de> for ConformanceReport {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::of_json(&value).map_err(D::Error::custom)
    }
}

/// A report in the form in which the suite writes it.
struct PlainReport(ConformanceReport);

impl<'de> Deserialize<'de> for PlainReport {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ConformanceReport::deserialize(deserializer).map(Self)
    }
}

/// What tells a report from everything else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    api_version: ReportVersion,
    kind: ReportKind,
}

#[derive(Deserialize)]
enum ReportVersion {
    #[serde(rename = "gateway.networking.k8s.io/v1")]
    V1,
    #[serde(rename = "gateway.networking.k8s.io/v1alpha1")]
    V1Alpha1,
}

#[derive(Deserialize)]
enum ReportKind {
    ConformanceReport,
}

/// A part of a report that remembers how it was written.
trait WrittenPart: PartialEq + Sized {
    /// What else it says.
    fn other(&self) -> &OtherFields;

    /// The part that a text in this form is.
    fn read(written: &Value) -> Option<Self>;

    /// How it was written, unless it changed since.
    fn as_written(&self) -> Option<&Value> {
        let written = self.other().written()?;
        (Self::read(written).as_ref() == Some(self)).then_some(written)
    }
}

/// The part in its plain form.
fn read<P: for<'de> Deserialize<'de>>(written: &Value, form: &'static PartForm) -> Option<P> {
    serde_json::from_value(plain_part(written, form).ok()?).ok()
}

macro_rules! written_parts {
    ($( $part:ty, |$written:ident| $read:expr; )+) => { $(
        impl WrittenPart for $part {
            fn other(&self) -> &OtherFields {
                &self.other
            }

            fn read($written: &Value) -> Option<Self> {
                $read
            }
        }

        impl Serialize for $part {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.as_written() {
                    Some(written) => written.serialize(serializer),
                    None => <$part>::serialize(self, serializer),
                }
            }
        }
    )+ };
}

written_parts! {
    ConformanceReport, |written| ConformanceReport::of_json(written).ok();
    Implementation, |written| read(written, IMPLEMENTATION);
    ProfileReport, |written| read(written, PROFILE);
    LevelReport, |written| read(written, LEVEL);
    ReportStatistics, |written| read(written, STATISTICS);
}

macro_rules! plain_parts {
    ($( $part:ty ),+) => { $(
        impl<'de> Deserialize<'de> for $part {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$part>::deserialize(deserializer)
            }
        }
    )+ };
}

plain_parts!(Implementation, ProfileReport, LevelReport, ReportStatistics);

impl ConformanceReport {
    /// Remembers how it was written.
    pub(super) fn remember(&mut self, written: &Value) {
        let Some(members) = self.other.note(written) else {
            return;
        };
        if let Some(written) = member(members, "implementation") {
            self.implementation.other.note(written);
        }
        let profiles = member(members, PROFILES).or(member(members, EARLY_PROFILES));
        let written = profiles.and_then(Value::as_array).into_iter().flatten();
        for (profile, written) in self.profiles.iter_mut().zip(written) {
            profile.remember(written);
        }
    }
}

impl ProfileReport {
    fn remember(&mut self, written: &Value) {
        let Some(members) = self.other.note(written) else {
            return;
        };
        let levels = [
            ("core", Some(&mut self.core)),
            ("extended", self.extended.as_mut()),
        ];
        for (name, level) in levels {
            if let (Some(level), Some(written)) = (level, member(members, name)) {
                level.remember(written);
            }
        }
    }
}

impl LevelReport {
    fn remember(&mut self, written: &Value) {
        let Some(members) = self.other.note(written) else {
            return;
        };
        let members = level_members(members).unwrap_or(members);
        if let Some(written) = member(members, "statistics") {
            self.statistics.other.note(written);
        }
    }
}
