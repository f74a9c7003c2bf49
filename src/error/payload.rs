//! What is wrong with a session type, or with one of its values: [`PayloadError`] says where, and
//! [`PayloadCause`] why and what to do.

use alloc::string::String;
use core::fmt;

/// A session type, or a value of it, that the encoding cannot carry: what opens would not be what
/// was sealed.
///
/// It names fields, variants and types of the application, and never contains their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadError {
    path: String,
    cause: PayloadCause,
}

impl PayloadError {
    pub(crate) const fn new(path: String, cause: PayloadCause) -> Self {
        Self { path, cause }
    }

    /// Where it is, starting from the session value: `profile.roles[2]`,
    /// `settings{value}.Custom.level`. Empty for the session value itself. `[]` stands for any
    /// element, if a type was checked and not a value. `{key}` and `{value}` stand for the keys and
    /// values of a map, and `.0` for the first part of a tuple.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Why.
    #[must_use]
    pub const fn cause(&self) -> &PayloadCause {
        &self.cause
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match self.path.as_str() {
            "" => "the session value",
            path => path,
        };
        write!(f, "{path}: {}", self.cause)
    }
}

impl core::error::Error for PayloadError {}

/// Why the encoding cannot carry a type or a value. The [`Display`](fmt::Display) text ends with
/// how to fix it.
///
/// Names are those that serde uses, after any `rename`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadCause {
    /// `#[serde(flatten)]`.
    Flatten,
    /// `#[serde(tag = "…")]`.
    InternallyTagged,
    /// `#[serde(tag = "…", content = "…")]`.
    AdjacentlyTagged,
    /// `#[serde(untagged)]`, on an enum or on one of its variants.
    Untagged,
    /// A type that accepts any input, such as `serde_json::Value`.
    SelfDescribing {
        /// The Rust type, as the compiler prints it.
        type_name: &'static str,
    },
    /// A field that is written and not read: `skip_deserializing`.
    NotRead,
    /// A field that is read and not written: `skip_serializing`.
    NotWritten,
    /// A field that `skip_serializing_if` left out.
    LeftOut,
    /// A field or variant whose name differs when written and when read.
    Renamed {
        /// The name that is written.
        written: &'static str,
        /// The name that is read in its place.
        read: &'static str,
    },
    /// A variant that is written and not read: `skip_deserializing`.
    VariantNotRead,
    /// A variant that reads as another one, or not at all, because a variant before it is skipped.
    VariantMoved,
    /// What is written is of a different kind than what is read.
    KindDiffers {
        /// The kind that is written.
        written: &'static str,
        /// The kind that is read.
        read: &'static str,
    },
    /// The number of parts that are written differs from the number that are read.
    LengthDiffers {
        /// The number that is written.
        written: usize,
        /// The number that is read.
        read: usize,
    },
    /// A part of a tuple that is read as another part.
    PartMoved,
    /// A sequence or map that does not know its length before it is written.
    UnknownLength,
    /// Nesting deeper than 128 levels.
    TooDeep,
    /// More elements without any bytes, such as `()`, than a payload may have.
    TooManyEmpty,
    /// The type's `Serialize` failed.
    Serialize,
    /// The type's `Deserialize` refused what its `Serialize` had written.
    Rejected,
}

impl fmt::Display for PayloadCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flatten => f.write_str(
                "serde(flatten) needs field names, which this encoding leaves out; make it a plain \
                 field",
            ),
            Self::InternallyTagged => f.write_str(
                "an internally tagged enum needs field names, which this encoding leaves out; remove \
                 serde(tag)",
            ),
            Self::AdjacentlyTagged => f.write_str(
                "an adjacently tagged enum needs field names, which this encoding leaves out; remove \
                 serde(tag, content)",
            ),
            Self::Untagged => f.write_str(
                "serde(untagged) needs an encoding that says what comes next, which this one does \
                 not; remove it",
            ),
            Self::SelfDescribing { type_name } => write!(
                f,
                "{type_name} needs an encoding that says what comes next, which this one does not; \
                 store it as text, by Json (feature json) or by serde(with)",
            ),
            Self::NotRead => f.write_str(
                "it is written and not read; use serde(skip) in place of skip_deserializing",
            ),
            Self::NotWritten => f.write_str(
                "it is read and not written; use serde(skip) in place of skip_serializing",
            ),
            Self::LeftOut => f.write_str(
                "it was left out, and the next field would be read in its place; remove \
                 skip_serializing_if",
            ),
            Self::Renamed { written, read } => write!(
                f,
                "it is written as {written} and read as {read}; give it one name, and the other by \
                 serde(alias)",
            ),
            Self::VariantNotRead => f.write_str(
                "this variant is written and not read; remove skip_deserializing, or skip the \
                 variant both ways",
            ),
            Self::VariantMoved => f.write_str(
                "this variant would open as another one, since one before it is skipped; move \
                 skipped variants to the end of the enum",
            ),
            Self::KindDiffers { written, read } => write!(
                f,
                "it is written as {written} and read as {read}; let Serialize and Deserialize, or \
                 serialize_with and deserialize_with, agree",
            ),
            Self::LengthDiffers { written, read } => write!(
                f,
                "{} written and {read} read; let Serialize and Deserialize agree, and skip a field \
                 both ways or not at all",
                Parts(*written),
            ),
            Self::PartMoved => f.write_str(
                "this part is read in the place of another one; skip a field both ways or not at all",
            ),
            Self::UnknownLength => f.write_str(
                "a sequence or map has to know its length before it is written; collect it first",
            ),
            Self::TooDeep => f.write_str("it is nested deeper than 128 levels; make it flatter"),
            Self::TooManyEmpty => f.write_str(
                "it has too many elements that take no bytes, such as (); store their number",
            ),
            Self::Serialize => f.write_str("its Serialize failed; see what it refuses"),
            Self::Rejected => f.write_str(
                "its Deserialize refuses what its Serialize wrote; let them agree",
            ),
        }
    }
}

struct Parts(usize);

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 part is"),
            parts => write!(f, "{parts} parts are"),
        }
    }
}
