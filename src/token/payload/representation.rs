//! Which of serde's representations stands behind a call: serde says it in the text of what a visitor
//! expects, and nowhere else.

use alloc::string::{String, ToString};
use core::any::type_name;

use serde::de::{Expected, Visitor};

use crate::error::PayloadCause;

/// Why a type asks for whatever comes.
pub(super) fn of_any<'de, V: Visitor<'de>>(visitor: &V) -> PayloadCause {
    let expected = expected(visitor);
    let type_name = type_name::<V::Value>();
    // serde's own buffer, which its derived code reads before it decides.
    let buffered = type_name.contains("::Content");
    if expected.starts_with("internally tagged enum ") || (buffered && type_name.starts_with('(')) {
        PayloadCause::InternallyTagged
    } else if buffered {
        PayloadCause::Untagged
    } else {
        PayloadCause::SelfDescribing { type_name }
    }
}

/// The cause if `visitor`, which reads a struct, stands for something else.
pub(super) fn of_struct<'de, V: Visitor<'de>>(visitor: &V) -> Option<PayloadCause> {
    expected(visitor)
        .starts_with("adjacently tagged enum ")
        .then_some(PayloadCause::AdjacentlyTagged)
}

/// The cause if `visitor`, which reads a map, stands for a struct with `flatten`.
pub(super) fn of_map<'de, V: Visitor<'de>>(visitor: &V) -> Option<PayloadCause> {
    let expected = expected(visitor);
    (expected.starts_with("struct ")).then_some(PayloadCause::Flatten)
}

fn expected<'de, V: Visitor<'de>>(visitor: &V) -> String {
    (visitor as &dyn Expected).to_string()
}
